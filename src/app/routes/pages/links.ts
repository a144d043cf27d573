import { TOPICS } from '../../../api/index.ts'
import { renderConfirmEmail, renderResetPassword } from '../../../pages/index.ts'
import type { Route } from '../../handlers.ts'
import type { PageKit } from '../../pages/kit.ts'
import { pageRoute } from '../../pages/page.ts'

const { pages } = TOPICS

/** The pages that mailed links open. Their script reads the token from the fragment, which browsers do not send. */
export function linkPages(kit: PageKit): Route[] {
  const { resetEndsSessions } = kit.auth.options
  return [
    pageRoute(kit, pages.confirmEmail, (request) => renderConfirmEmail(request.look())),
    pageRoute(kit, pages.resetPassword, (request) =>
      renderResetPassword(request.look(), { resetEndsSessions }),
    ),
  ]
}
