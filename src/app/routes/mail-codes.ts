import { browserFor, browserOf } from '../browser.ts'
import { routesOf } from '../handlers.ts'
import { assertOneTransport, delivery } from '../signed-in.ts'

/** What the answer says after each kind of redemption. */
const MESSAGES = {
  signed_in: 'logged in',
  sign_in: 'Password updated',
  email_changed: 'Email confirmed',
} as const

export const mailCodeRoutes = routesOf('mailCodes', (auth) => ({
  async request({ fields: { browser_token, ...request }, caller }) {
    const browser = browserFor(auth, caller, browser_token)
    await auth.mailCodes.request(request, browser.caller)
    // As entered. The spelling of the account would reveal that it exists.
    return { body: { email: request.email, message: 'code mailed' }, cookies: browser.cookies }
  },

  async redeem({ fields, credentials, caller }) {
    const { new_password, browser_token, device_token, ...request } = fields
    if (request.purpose === 'confirm_email') assertOneTransport(credentials, request.transport)
    const redeemed = await auth.mailCodes.redeem(
      { ...request, newPassword: new_password },
      {
        ...browserOf(caller, browser_token),
        ...(device_token !== undefined && { deviceToken: device_token }),
      },
    )
    const body = { email: redeemed.user.email, message: MESSAGES[redeemed.next] }
    if (redeemed.next !== 'signed_in') return { body }
    const { cookies, fields: more } = delivery(redeemed, auth.options)
    return { body: { ...body, ...more }, cookies }
  },
}))
