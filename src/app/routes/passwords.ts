import * as api from '../../api/index.ts'
import { type Routes, route, succeed } from '../route.ts'

export const passwordRoutes: Routes = (engine) => [
  route(engine, api.requestPasswordReset, async ({ fields, client }) => {
    const request = { ...fields, ...client }
    if (engine.options.resetTokenDelivery === 'mail') {
      await engine.sendPasswordReset(request)
      // As it was typed: what an account has might tell that there is one.
      return succeed(api.requestPasswordReset, { email: fields.email, message: 'reset mail sent' })
    }
    const { user, resetToken } = await engine.requestPasswordReset(request)
    return succeed(api.requestPasswordReset, { email: user.email, reset_token: resetToken })
  }),

  route(engine, api.resetPassword, async ({ fields: { email, reset_token, new_password }, client }) => {
    const request = { email, resetToken: reset_token, newPassword: new_password }
    const user = await engine.resetPassword({ ...client, ...request })
    return succeed(api.resetPassword, { email: user.email, message: 'Password updated' })
  }),
]
