import * as api from '../../api/index.ts'
import { json } from '../answers.ts'
import { type Routes, route } from '../route.ts'

export const userRoutes: Routes = (engine) => [
  route(api.registerUser, async ({ fields }) => {
    const user = await engine.registerUser(fields.email, fields.password)
    return json({ email: user.email, message: 'user created' })
  }),
]
