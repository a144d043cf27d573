import { routesOf } from '../handlers.ts'
import { assertOneTransport, delivery } from '../signed-in.ts'

export const signInRoutes = routesOf('signIn', (auth) => ({
  async withPassword({ fields: { device_token, ...request }, credentials, caller }) {
    assertOneTransport(credentials, request.transport)
    const signedIn = await auth.signIn.withPassword(request, {
      ...caller,
      ...(device_token !== undefined && { deviceToken: device_token }),
    })
    const { cookies, fields } = delivery(signedIn, auth.options)
    return { body: { email: signedIn.user.email, message: 'logged in', ...fields }, cookies }
  },

  async reauthenticate({ fields: request, caller }) {
    const renewed = await auth.signIn.reauthenticate(request, caller)
    const { cookies, fields } = delivery(renewed, auth.options)
    return { body: { email: renewed.user.email, message: 'reauthenticated', ...fields }, cookies }
  },
}))
