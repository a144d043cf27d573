import { DEVICE_LIFETIME_SECONDS } from '../../auth/index.ts'
import { deviceCookie, sessionCookie } from '../cookies.ts'
import { routesOf } from '../handlers.ts'

export const signInRoutes = routesOf('signIn', (auth) => ({
  async withPassword({ fields, caller }) {
    const { user, sessionToken, deviceToken } = await auth.signIn.withPassword(fields, caller)
    const cookies = [
      sessionCookie(sessionToken, auth.options),
      ...(deviceToken === null ? [] : [deviceCookie(deviceToken, DEVICE_LIFETIME_SECONDS, auth.options)]),
    ]
    return { body: { email: user.email, message: 'logged in' }, cookies }
  },

  async reauthenticate({ fields, caller }) {
    const { user, sessionToken } = await auth.signIn.reauthenticate(fields, caller)
    const cookies = [sessionCookie(sessionToken, auth.options)]
    return { body: { email: user.email, message: 'reauthenticated' }, cookies }
  },
}))
