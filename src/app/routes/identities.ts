import { returnTargetIn, startedFlow } from '../flows.ts'
import { routesOf } from '../handlers.ts'
import { identityOnWire } from '../wire.ts'

export const identityRoutes = routesOf('identities', (auth) => ({
  async list({ caller }) {
    return { body: { identities: (await auth.identities.list(caller)).map(identityOnWire) } }
  },

  async link({ fields: { provider, return_to }, caller, cookieHeader }) {
    const returnTo = returnTargetIn(auth.options, return_to)
    return startedFlow(await auth.identities.link({ provider, returnTo }, caller), cookieHeader, auth.options)
  },

  async unlink({ params: { id }, caller }) {
    await auth.identities.unlink({ id }, caller)
    return { body: { message: 'identity disconnected' } }
  },
}))
