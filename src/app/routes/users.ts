import * as api from '../../api/index.ts'
import { type Routes, route, succeed } from '../route.ts'

export const userRoutes: Routes = (engine) => [
  route(engine, api.registerUser, async ({ fields }) => {
    const user = await engine.registerUser(fields.email, fields.password)
    return succeed(api.registerUser, { email: user.email, message: 'user created' })
  }),
]
