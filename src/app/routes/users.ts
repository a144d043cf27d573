import * as api from '../../api/index.ts'
import { type Routes, route, succeed } from '../handlers.ts'

export const userRoutes: Routes = (engine) => [
  route(engine, api.registerUser, async ({ fields, caller }) => {
    const { email } = await engine.signUp(fields, caller)
    return succeed(api.registerUser, { email, message: 'user created' })
  }),
]
