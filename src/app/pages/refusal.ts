import type { AuthError } from '../../model/errors.ts'
import { type Page, renderRefusal } from '../../pages/index.ts'
import type { Incoming } from '../incoming.ts'
import type { PageKit } from './kit.ts'
import { localeFor } from './request.ts'

/** The page for a request that was refused, possibly before it matched a route. */
export function refusalPage(
  kit: PageKit,
  incoming: Incoming,
  { refusal, requestId }: { refusal: AuthError; requestId: string },
): Page {
  const look = kit.look({
    locale: localeFor(kit, incoming),
    here: kit.pathTo('/account'),
    user: null,
    providers: [],
  })
  return renderRefusal(look, refusal, { requestId, returnTo: kit.returnTarget(refusal.returnTo) })
}
