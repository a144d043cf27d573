import { AuthError } from '../../model/errors.ts'
import { routesOf } from '../handlers.ts'
import { homePath } from '../paths.ts'
import { redirect } from '../responses.ts'
import { cookieHeadersAfter, headersAfter } from '../signed-in.ts'
import { accountOnWire, currentSessionOnWire, sessionOnWire } from '../wire.ts'

export const sessionRoutes = routesOf('sessions', (auth) => {
  const headers = headersAfter(auth.options)
  return {
    // A hot path: applications check their requests here.
    async current({ credentials }) {
      const current = await auth.sessions.current(credentials)
      if (current === null) return { body: { user: null, session: null } }
      return { body: { user: accountOnWire(current.user), session: currentSessionOnWire(current) } }
    },

    async signOut({ caller }) {
      await auth.sessions.signOut(caller)
      return { cookies: cookieHeadersAfter(caller, auth.options), headers }
    },

    async signOutClassic({ caller, isBrowser }) {
      if (!(await auth.sessions.signOut(caller))) throw new AuthError('unauthenticated')
      // After 302, browsers would repeat DELETE on the home page.
      return redirect(homePath(auth.options), isBrowser ? 303 : 302, {
        cookies: cookieHeadersAfter(caller, auth.options),
        headers,
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
  }
})
