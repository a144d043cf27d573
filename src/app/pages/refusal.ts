import { negotiate } from '../../lib/language.ts'
import type { AuthError } from '../../model/errors.ts'
import { type Page, renderRefusal } from '../../pages/index.ts'
import { readLanguageCookie } from '../cookies.ts'
import type { Incoming } from '../incoming.ts'
import type { PageKit } from './kit.ts'

/** The page for a request that was refused, maybe before it found its route. */
export function refusalPage(
  kit: PageKit,
  incoming: Incoming,
  { refusal, requestId }: { refusal: AuthError; requestId: string },
): Page {
  const { languages } = kit.site
  const kept = readLanguageCookie(incoming.header('cookie'), kit.auth.options)
  const locale =
    languages.find((tag) => tag === kept) ?? negotiate(incoming.header('accept-language'), languages)
  return renderRefusal(
    kit.look({ locale, here: kit.pathTo('/account'), user: null, providers: [] }),
    refusal,
    { requestId, returnTo: kit.returnTarget(refusal.returnTo) },
  )
}
