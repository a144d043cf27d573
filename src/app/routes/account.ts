import type { AuditRecord } from '../../auth/index.ts'
import { routesOf } from '../handlers.ts'
import { cookieHeadersAfter, delivery } from '../signed-in.ts'
import { accountOnWire, sessionOnWire } from '../wire.ts'

export const accountRoutes = routesOf('account', (auth) => ({
  async register({ fields, caller }) {
    const { email } = await auth.account.register(fields, caller)
    return { body: { email, message: 'user created' } }
  },

  // The hot path: the clients of the exercise check their session here.
  async get({ credentials }) {
    const { email } = await auth.account.get(credentials)
    return { body: { email } }
  },

  async update({ fields, caller }) {
    return { body: { user: accountOnWire(await auth.account.update(fields, caller)) } }
  },

  async requestPasswordReset({ fields, caller }) {
    if (auth.options.resetTokenDelivery === 'mail') {
      await auth.account.requestPasswordReset(fields, caller)
      // As entered. The spelling of the account would reveal that it exists.
      return { body: { email: fields.email, message: 'reset mail sent' } }
    }
    const { user, resetToken } = await auth.account.createResetToken(fields, caller)
    return { body: { email: user.email, reset_token: resetToken } }
  },

  async resetPassword({ fields: { email, reset_token, new_password }, caller }) {
    const request = { email, resetToken: reset_token, newPassword: new_password }
    const user = await auth.account.resetPassword(request, caller)
    return { body: { email: user.email, message: 'Password updated' } }
  },

  async requestConfirmation({ fields, caller }) {
    await auth.account.requestConfirmation(fields, caller)
    return { body: { email: fields.email, message: 'confirmation mail sent' } }
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

  async changeEmail({ fields, caller }) {
    await auth.account.changeEmail(fields, caller)
    return { body: { email: fields.email, message: 'confirmation mail sent' } }
  },

  async export({ caller }) {
    const { account, sessions, audit } = await auth.account.export(caller)
    return {
      body: {
        account: accountOnWire(account),
        sessions: sessions.map(sessionOnWire),
        audit: audit.map(auditOnWire),
      },
    }
  },

  async delete({ caller }) {
    const { email } = await auth.account.delete(caller)
    return { body: { email, message: 'account deleted' }, cookies: cookieHeadersAfter(caller, auth.options) }
  },
}))

function auditOnWire({ at, action, outcome, reason, ip, userAgent }: AuditRecord) {
  return { at: at.toISOString(), action, outcome, reason, ip, user_agent: userAgent }
}
