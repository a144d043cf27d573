import * as api from '../../api/index.ts'
import { clearedCookie, sessionCookie } from '../cookies.ts'
import { redirect } from '../responses.ts'
import { type Routes, route, sessionRoute, succeed } from '../route.ts'

export const sessionRoutes: Routes = (engine) => [
  route(engine, api.logIn, async ({ fields, client, sessionId: currentSessionId }) => {
    const { user, sessionId } = await engine.logIn({ ...fields, ...client, currentSessionId })
    const cookie = sessionCookie(sessionId, engine.options.sessionLifetimeSeconds, engine.options)
    return succeed(api.logIn, { email: user.email, message: 'logged in' }, { 'set-cookie': cookie })
  }),

  sessionRoute(engine, api.logOut, async ({ sessionId, isBrowser }) => {
    await engine.endSession(sessionId)
    // On a 302 a browser would send DELETE again, to the home page.
    return redirect('/', isBrowser ? 303 : 302, { 'set-cookie': clearedCookie(engine.options) })
  }),
]
