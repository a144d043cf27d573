import { clearedLoginCookie } from '../cookies.ts'
import { returnTargetIn } from '../flows.ts'
import { routesOf } from '../handlers.ts'
import { answerOf, assertOneTransport, delivery, withPendingBearer, withTokens } from '../signed-in.ts'

export const signInRoutes = routesOf('signIn', (auth) => ({
  async withPassword({ fields: { device_token, return_to, ...request }, credentials, caller }) {
    assertOneTransport(credentials, request.transport)
    const returnTo = returnTargetIn(auth.options, return_to)
    const result = await auth.signIn.withPassword(
      { ...request, returnTo },
      withTokens(caller, { device_token }),
    )
    return answerOf(result, caller, auth.options)
  },

  async withPasskey({
    fields: { device_token, browser_token, login_token, ...request },
    credentials,
    caller,
  }) {
    assertOneTransport(credentials, request.transport)
    const tokens = { device_token, browser_token, login_token }
    const result = await auth.signIn.withPasskey(request, withTokens(caller, tokens))
    return answerOf(result, caller, auth.options)
  },

  async pending({ caller }) {
    const { next, methods, email, expiresAt } = await auth.signIn.pending(withPendingBearer(caller))
    return { body: { next, methods: [...methods], email, expires_at: expiresAt.toISOString() } }
  },

  async cancel({ caller }) {
    await auth.signIn.cancel(withPendingBearer(caller))
    return caller.transport === 'bearer' ? {} : { cookies: [clearedLoginCookie(auth.options).header] }
  },

  async withTotp({ fields: { code, ...tokens }, caller }) {
    const result = await auth.signIn.withTotp({ code }, withTokens(caller, tokens))
    return answerOf(result, caller, auth.options)
  },

  async withRecoveryCode({ fields: { code, ...tokens }, caller }) {
    const result = await auth.signIn.withRecoveryCode({ code }, withTokens(caller, tokens))
    const answer = answerOf(result, caller, auth.options)
    const more = {
      new_recovery_code: result.newRecoveryCode,
      recovery_codes_left: result.recoveryCodesLeft,
    }
    return { ...answer, body: { ...answer.body, ...more } }
  },

  async reauthenticate({ fields: { browser_token, ...request }, caller }) {
    const renewed = await auth.signIn.reauthenticate(request, withTokens(caller, { browser_token }))
    const { cookies, fields } = delivery(renewed, auth.options)
    return { body: { email: renewed.user.email, message: 'reauthenticated', ...fields }, cookies }
  },
}))
