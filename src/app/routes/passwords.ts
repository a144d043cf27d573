import * as api from '../../api/index.ts'
import { type Routes, route, succeed } from '../route.ts'

export const passwordRoutes: Routes = (engine) => [
  route(engine, api.requestPasswordReset, async ({ fields, client }) => {
    const { user, resetToken } = await engine.requestPasswordReset({ ...fields, ...client })
    return succeed(api.requestPasswordReset, { email: user.email, reset_token: resetToken })
  }),

  route(engine, api.resetPassword, async ({ fields: { email, reset_token, new_password } }) => {
    const user = await engine.resetPassword({ email, resetToken: reset_token, newPassword: new_password })
    return succeed(api.resetPassword, { email: user.email, message: 'Password updated' })
  }),
]
