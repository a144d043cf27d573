import { browserFor } from '../browser.ts'
import { returnTargetIn } from '../flows.ts'
import { routesOf } from '../handlers.ts'
import { answerOf, assertOneTransport, withTokens } from '../signed-in.ts'

export const mailCodeRoutes = routesOf('mailCodes', (auth) => ({
  async request({ fields: { browser_token, ...request }, caller }) {
    const browser = browserFor(auth, caller, browser_token)
    await auth.mailCodes.request(request, browser.caller)
    // As entered, because the spelling of the account would reveal that it exists.
    return { body: { email: request.email, message: 'code mailed' }, cookies: browser.cookies }
  },

  async confirmEmail({
    fields: { browser_token, device_token, return_to, ...request },
    credentials,
    caller,
  }) {
    assertOneTransport(credentials, request.transport)
    const tokens = { browser_token, device_token }
    const returnTo = returnTargetIn(auth.options, return_to)
    const result = await auth.mailCodes.confirmEmail({ ...request, returnTo }, withTokens(caller, tokens))
    return answerOf(result, caller, auth.options)
  },

  async resetPassword({ fields: { code, new_password, ...tokens }, caller }) {
    const request = { code, newPassword: new_password }
    const { email } = await auth.mailCodes.resetPassword(request, withTokens(caller, tokens))
    return { body: { email, message: 'Password updated' } }
  },

  async changeEmail({ fields: { code, ...tokens }, caller }) {
    const { email } = await auth.mailCodes.changeEmail({ code }, withTokens(caller, tokens))
    return { body: { email, message: 'Email confirmed' } }
  },
}))
