import { returnTargetIn, startedFlow } from '../flows.ts'
import { routesOf } from '../handlers.ts'

export const providerRoutes = routesOf('providers', (auth) => ({
  async available() {
    return { body: { providers: [...(await auth.providers.available())] } }
  },

  async startSignIn({ params: { provider }, fields: { return_to, remember }, caller, cookieHeader }) {
    const returnTo = returnTargetIn(auth.options, return_to)
    const started = await auth.providers.startSignIn({ provider, remember, returnTo }, caller)
    return startedFlow(started, cookieHeader, auth.options)
  },

  async endSessionsFrom({ params: { provider }, fields: { logout_token }, caller }) {
    await auth.providers.endSessionsFrom({ provider, logoutToken: logout_token }, caller)
    return {}
  },

  async startReauthentication({ fields: { provider, return_to }, caller, cookieHeader }) {
    const returnTo = returnTargetIn(auth.options, return_to)
    const started = await auth.providers.startReauthentication({ provider, returnTo }, caller)
    return startedFlow(started, cookieHeader, auth.options)
  },
}))
