import * as api from '../../api/index.ts'
import { DEVICE_LIFETIME_SECONDS, type SessionInfo } from '../../auth/index.ts'
import { clearedCookie, deviceCookie, sessionCookie } from '../cookies.ts'
import { homePath } from '../paths.ts'
import { redirect } from '../responses.ts'
import { type Routes, route, sessionRoute, succeed } from '../handlers.ts'

export const sessionRoutes: Routes = (engine) => [
  route(engine, api.logIn, async ({ fields, caller }) => {
    const { user, sessionId, deviceToken } = await engine.logIn(fields, caller)
    const cookies = [
      sessionCookie(sessionId, engine.options),
      ...(deviceToken === null ? [] : [deviceCookie(deviceToken, DEVICE_LIFETIME_SECONDS, engine.options)]),
    ]
    return succeed(api.logIn, { email: user.email, message: 'logged in' }, { cookies })
  }),

  sessionRoute(engine, api.logOut, async ({ caller, isBrowser }) => {
    await engine.endSession(caller)
    // On a 302 a browser would send DELETE again, to the home page.
    return redirect(homePath(engine.options), isBrowser ? 303 : 302, {
      cookies: [clearedCookie(engine.options)],
      // Not the cookies: the device stays known. Browsers heed it over https alone.
      ...(engine.options.secureCookie && { headers: { 'clear-site-data': '"cache", "storage"' } }),
    })
  }),

  route(engine, api.listSessions, async ({ caller }) => {
    const sessions = await engine.listOwnSessions(caller)
    return succeed(api.listSessions, { sessions: sessions.map(sessionOnWire) })
  }),

  route(engine, api.endOtherSessions, async ({ caller }) => {
    const ended = await engine.endOtherSessions(caller)
    return succeed(api.endOtherSessions, { message: 'other sessions ended', ended })
  }),

  route(engine, api.endSession, async ({ caller, params }) => {
    await engine.endOwnSession({ id: params.id }, caller)
    return succeed(api.endSession, { message: 'session ended' })
  }),

  route(engine, api.reauthenticate, async ({ caller, fields }) => {
    const renewed = await engine.reauthenticate(fields, caller)
    const cookies = [sessionCookie(renewed.sessionId, engine.options)]
    return succeed(api.reauthenticate, { email: renewed.user.email, message: 'reauthenticated' }, { cookies })
  }),
]

/** A session as its user reads it. */
export function sessionOnWire(session: SessionInfo) {
  return {
    id: session.id,
    current: session.current,
    created_at: session.createdAt.toISOString(),
    authenticated_at: session.authenticatedAt.toISOString(),
    last_seen_at: session.lastSeenAt.toISOString(),
    expires_at: session.expiresAt.toISOString(),
    ip: session.ip,
    user_agent: session.userAgent,
  }
}
