import * as api from '../../api/index.ts'
import { AuthError } from '../../errors.ts'
import { json } from '../answers.ts'
import { type Routes, route } from '../route.ts'

export const profileRoutes: Routes = (engine) => [
  route(api.getProfile, async ({ sessionId }) => {
    const user = await engine.getUserFromSessionId(sessionId)
    if (user === null) throw new AuthError('session_required', { field: 'session_id' })
    return json({ email: user.email })
  }),
]
