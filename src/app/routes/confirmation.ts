import * as api from '../../api/index.ts'
import { type Routes, route, succeed } from '../handlers.ts'

export const confirmationRoutes: Routes = (engine) => [
  route(engine, api.requestConfirmation, async ({ fields, caller }) => {
    await engine.requestConfirmation(fields, caller)
    return succeed(api.requestConfirmation, { email: fields.email, message: 'confirmation mail sent' })
  }),

  route(engine, api.confirmEmail, async ({ fields, caller }) => {
    const { email } = await engine.confirmEmail(fields, caller)
    return succeed(api.confirmEmail, { email, message: 'Email confirmed' })
  }),

  route(engine, api.changeEmail, async ({ fields, caller }) => {
    await engine.requestEmailChange(fields, caller)
    return succeed(api.changeEmail, { email: fields.email, message: 'confirmation mail sent' })
  }),
]
