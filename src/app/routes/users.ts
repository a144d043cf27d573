import * as api from '../../api/index.ts'
import { type Routes, route, succeed } from '../route.ts'

export const userRoutes: Routes = (engine) => [
  route(engine, api.registerUser, async ({ fields, client }) => {
    const { email } = await engine.signUp({ ...fields, ...client })
    return succeed(api.registerUser, { email, message: 'user created' })
  }),
]
