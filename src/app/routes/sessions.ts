import type { SessionInfo } from '../../auth/index.ts'
import { AuthError } from '../../model/errors.ts'
import { clearedCookie } from '../cookies.ts'
import { routesOf } from '../handlers.ts'
import { homePath } from '../paths.ts'
import { redirect } from '../responses.ts'

export const sessionRoutes = routesOf('sessions', (auth) => ({
  async signOut({ caller, isBrowser }) {
    if (!(await auth.sessions.signOut(caller))) throw new AuthError('unauthenticated')
    // After a 302 a browser would repeat DELETE on the home page.
    return redirect(homePath(auth.options), isBrowser ? 303 : 302, {
      cookies: [clearedCookie(auth.options)],
      // Keep cookies, so that the device stays known. Browsers obey the header only over https.
      ...(auth.options.secureCookie && { headers: { 'clear-site-data': '"cache", "storage"' } }),
    })
  },

  async list({ caller }) {
    const sessions = await auth.sessions.list(caller)
    return { body: { sessions: sessions.map(sessionOnWire) } }
  },

  async endOthers({ caller }) {
    const ended = await auth.sessions.endOthers(caller)
    return { body: { message: 'other sessions ended', ended } }
  },

  async end({ caller, params }) {
    await auth.sessions.end({ id: params.id }, caller)
    return { body: { message: 'session ended' } }
  },
}))

/** A session as its user sees it over HTTP. */
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
