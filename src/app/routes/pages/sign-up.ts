import { TOPICS } from '../../../api/index.ts'
import type { AuthError } from '../../../model/errors.ts'
import { renderConfirmCode, renderConfirmMail, renderSignUp } from '../../../pages/index.ts'
import { browserFor } from '../../browser.ts'
import type { Route } from '../../handlers.ts'
import type { PageKit } from '../../pages/kit.ts'
import { assertMailbox } from '../../pages/mailbox.ts'
import { formRoutes } from '../../pages/page.ts'
import { withBoxes } from '../../pages/user-fields.ts'

const { pages } = TOPICS

/** The pages that create an account and confirm its address. */
export function signUpPages(kit: PageKit): Route[] {
  const { auth } = kit
  return [
    ...formRoutes(kit, pages.showSignUp, pages.signUp, {
      async show(request, form) {
        const current = form.refusal === null ? await request.current() : null
        if (current !== null) return request.goOnWithSession(current.user)
        return renderSignUp(request.look(), { form, returnTo: request.returnTarget })
      },
      async submit(request, { email, password, metadata, return_to }) {
        const { caller, locale } = request
        const shown = auth.userFields.filter((field) => field.signUp)
        const account = { email, password, locale, metadata: withBoxes(metadata, shown) }
        const returnTo = kit.returnTarget(return_to)
        if (auth.options.emailVerification) {
          const browser = browserFor(auth, caller, undefined)
          await auth.account.register(account, browser.caller)
          return request.goOn('/sign_up/code', return_to, { email, cookies: browser.cookies })
        }
        await auth.account.register(account, caller)
        return request.goOnSignedIn(
          await auth.signIn.withPassword({ email, password, returnTo }, caller),
          return_to,
        )
      },
    }),

    ...formRoutes(kit, pages.showConfirmCode, pages.confirmCode, {
      async show(request, form) {
        // Another tab may have signed in.
        const current = form.refusal === null ? await request.current() : null
        if (current !== null) return request.goOnWithSession(current.user)
        return renderConfirmCode(request.look(), {
          form,
          returnTo: request.returnTarget,
          awaitsCode: request.caller.browserToken !== undefined,
          asksPassword:
            request.query.has('asks') || form.values.asks !== undefined || isAboutPassword(form.refusal),
          sentAgain: form.refusal === null && request.query.has('sent'),
        })
      },
      async submit(request, { code, password = '', return_to }) {
        const returnTo = kit.returnTarget(return_to)
        const typed = { code, returnTo, ...(password !== '' && { password }) }
        const signedIn = await auth.mailCodes.confirmEmail(typed, request.caller)
        return request.goOnSignedIn(signedIn, return_to)
      },
    }),

    ...formRoutes(kit, pages.showConfirmMail, pages.confirmMail, {
      show: (request, form) => renderConfirmMail(request.look(), { form, returnTo: request.returnTarget }),
      async submit(request, { email, return_to }) {
        assertMailbox(email)
        const browser = browserFor(auth, request.caller, undefined)
        await auth.account.requestConfirmation({ email }, browser.caller)
        // A browser without a token did not register the account, so its code needs the password.
        const flags = request.caller.browserToken === undefined ? ['sent', 'asks'] : ['sent']
        return request.goOn('/sign_up/code', return_to, { email, flags, cookies: browser.cookies })
      },
    }),
  ]
}

function isAboutPassword(refusal: AuthError | null): boolean {
  return refusal?.field === 'password' || refusal?.code === 'invalid_credentials'
}
