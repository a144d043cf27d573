import * as api from '../../api/index.ts'
import { type Routes, route, succeed } from '../handlers.ts'

export const passwordRoutes: Routes = (engine) => [
  route(engine, api.requestPasswordReset, async ({ fields, caller }) => {
    if (engine.options.resetTokenDelivery === 'mail') {
      await engine.sendPasswordReset(fields, caller)
      // As it was typed: what an account has might tell that there is one.
      return succeed(api.requestPasswordReset, { email: fields.email, message: 'reset mail sent' })
    }
    const { user, resetToken } = await engine.requestPasswordReset(fields, caller)
    return succeed(api.requestPasswordReset, { email: user.email, reset_token: resetToken })
  }),

  route(engine, api.resetPassword, async ({ fields: { email, reset_token, new_password }, caller }) => {
    const request = { email, resetToken: reset_token, newPassword: new_password }
    const user = await engine.resetPassword(request, caller)
    return succeed(api.resetPassword, { email: user.email, message: 'Password updated' })
  }),
]
