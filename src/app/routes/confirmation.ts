import * as api from '../../api/index.ts'
import { type Routes, route, succeed } from '../route.ts'

export const confirmationRoutes: Routes = (engine) => [
  route(engine, api.requestConfirmation, async ({ fields, client }) => {
    await engine.requestConfirmation({ ...fields, ...client })
    return succeed(api.requestConfirmation, { email: fields.email, message: 'confirmation mail sent' })
  }),

  route(engine, api.confirmEmail, async ({ fields, client }) => {
    const { email } = await engine.confirmEmail({ ...fields, ...client })
    return succeed(api.confirmEmail, { email, message: 'Email confirmed' })
  }),

  route(engine, api.changeEmail, async ({ fields, client, sessionId }) => {
    await engine.requestEmailChange({ ...fields, ...client, sessionId })
    return succeed(api.changeEmail, { email: fields.email, message: 'confirmation mail sent' })
  }),
]
