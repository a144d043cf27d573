import * as api from '../../api/index.ts'
import { AuthError } from '../../errors.ts'
import { json, redirect } from '../answers.ts'
import { clearedCookie, sessionCookie } from '../cookies.ts'
import { type Routes, route } from '../route.ts'

export const sessionRoutes: Routes = (engine) => [
  route(api.logIn, async ({ fields, client, sessionId: currentSessionId }) => {
    const { user, sessionId } = await engine.logIn({ ...fields, ...client, currentSessionId })
    const cookie = sessionCookie(sessionId, engine.options.sessionLifetimeSeconds)
    return json({ email: user.email, message: 'logged in' }, 200, { 'set-cookie': cookie })
  }),

  route(api.logOut, async ({ sessionId, isBrowser }) => {
    if (!(await engine.endSession(sessionId)))
      throw new AuthError('session_required', { field: 'session_id' })
    // On a 302 a browser would send DELETE again, to the home page.
    return redirect('/', isBrowser ? 303 : 302, { 'set-cookie': clearedCookie() })
  }),
]
