import * as api from '../../api/index.ts'
import { json } from '../answers.ts'
import { type Routes, route } from '../route.ts'

export const passwordRoutes: Routes = (engine) => [
  route(api.requestPasswordReset, async ({ fields, client }) => {
    const { user, resetToken } = await engine.requestPasswordReset({ ...fields, ...client })
    return json({ email: user.email, reset_token: resetToken })
  }),

  route(api.resetPassword, async ({ fields: { email, reset_token, new_password } }) => {
    const user = await engine.resetPassword({ email, resetToken: reset_token, newPassword: new_password })
    return json({ email: user.email, message: 'Password updated' })
  }),
]
