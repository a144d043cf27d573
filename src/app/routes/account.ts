import { browserFor } from '../browser.ts'
import { routesOf } from '../handlers.ts'
import { cookieHeadersAfter, delivery } from '../signed-in.ts'
import { accountOnWire, auditOnWire, exportOnWire } from '../wire.ts'

export const accountRoutes = routesOf('account', (auth) => ({
  async register({ fields: { browser_token, ...request }, caller }) {
    const { emailVerification } = auth.options
    // Without confirmation, registration mails no code.
    const browser = emailVerification
      ? browserFor(auth, caller, browser_token)
      : { caller, cookies: undefined }
    const { email } = await auth.account.register(request, browser.caller)
    return { body: { email, message: 'user created' }, cookies: browser.cookies }
  },

  // The hot path: the clients of the exercise check their session here.
  async get({ credentials }) {
    const { email } = await auth.account.get(credentials)
    return { body: { email } }
  },

  async update({ fields, caller }) {
    return { body: { user: accountOnWire(await auth.account.update(fields, caller)) } }
  },

  async requestPasswordReset({ fields: { browser_token, ...request }, caller }) {
    if (auth.options.resetTokenDelivery === 'mail') {
      const browser = browserFor(auth, caller, browser_token)
      await auth.account.requestPasswordReset(request, browser.caller)
      // As entered, because the spelling of the account would reveal that it exists.
      return { body: { email: request.email, message: 'reset mail sent' }, cookies: browser.cookies }
    }
    const { user, resetToken } = await auth.account.createResetToken(request, caller)
    return { body: { email: user.email, reset_token: resetToken } }
  },

  async resetPassword({ fields: { email, reset_token, new_password }, caller }) {
    const request = { email, resetToken: reset_token, newPassword: new_password }
    const user = await auth.account.resetPassword(request, caller)
    return { body: { email: user.email, message: 'Password updated' } }
  },

  async requestConfirmation({ fields: { browser_token, ...request }, caller }) {
    const browser = browserFor(auth, caller, browser_token)
    await auth.account.requestConfirmation(request, browser.caller)
    return { body: { email: request.email, message: 'confirmation mail sent' }, cookies: browser.cookies }
  },

  async confirmEmail({ fields, caller }) {
    const { email } = await auth.account.confirmEmail(fields, caller)
    return { body: { email, message: 'Email confirmed' } }
  },

  async changePassword({ fields, caller }) {
    const passwords = { currentPassword: fields.current_password, newPassword: fields.new_password }
    const renewed = await auth.account.changePassword(passwords, caller)
    const { cookies, fields: more } = delivery(renewed, auth.options)
    return { body: { email: renewed.user.email, message: 'Password updated', ...more }, cookies }
  },

  async changeEmail({ fields: { browser_token, ...request }, caller }) {
    const browser = browserFor(auth, caller, browser_token)
    await auth.account.changeEmail(request, browser.caller)
    return { body: { email: request.email, message: 'confirmation mail sent' }, cookies: browser.cookies }
  },

  async activity({ caller }) {
    const records = await auth.account.activity(caller)
    return { body: { activity: records.map(auditOnWire) } }
  },

  async export({ caller }) {
    return { body: exportOnWire(await auth.account.export(caller)) }
  },

  async delete({ caller }) {
    const { email } = await auth.account.delete(caller)
    return { body: { email, message: 'account deleted' }, cookies: cookieHeadersAfter(caller, auth.options) }
  },
}))
