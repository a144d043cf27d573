import { TOPICS } from '../../../api/index.ts'
import { renderRecover, renderRecoverCode } from '../../../pages/index.ts'
import { browserFor } from '../../browser.ts'
import type { Route } from '../../handlers.ts'
import type { PageKit } from '../../pages/kit.ts'
import { assertMailbox } from '../../pages/mailbox.ts'
import { formRoutes, pageRoute } from '../../pages/page.ts'

const { pages } = TOPICS

/** The pages that set a new password by mail. They do not sign in. */
export function recoveryPages(kit: PageKit): Route[] {
  const { auth } = kit
  return [
    ...formRoutes(kit, pages.showRecover, pages.recover, {
      show: (request, form) => renderRecover(request.look(), { form, returnTo: request.returnTarget }),
      async submit(request, { email, return_to }) {
        assertMailbox(email)
        const browser = browserFor(auth, request.caller, undefined)
        await auth.account.requestPasswordReset({ email }, browser.caller)
        return request.goOn('/recover/code', return_to, { email, cookies: browser.cookies })
      },
    }),

    ...formRoutes(kit, pages.showRecoverCode, pages.recoverCode, {
      show: (request, form) =>
        renderRecoverCode(request.look(), {
          form,
          returnTo: request.returnTarget,
          awaitsCode: request.caller.browserToken !== undefined,
        }),
      async submit(request, { code, new_password, return_to }) {
        await auth.mailCodes.resetPassword({ code, newPassword: new_password }, request.caller)
        return request.goOn('/sign_in', return_to, { flags: ['password_changed'] })
      },
    }),

    pageRoute(kit, pages.changePasswordAddress, (request) => request.goTo('/account/password')),
  ]
}
