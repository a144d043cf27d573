import { AuthError } from '../../model/errors.ts'
import { routesOf } from '../handlers.ts'
import { openApiDocument } from '../openapi.ts'
import { servedOperations } from '../served.ts'

export const serviceRoutes = routesOf('service', (auth) => {
  // Generated on first use.
  let document: ReturnType<typeof openApiDocument> | undefined
  return {
    welcome: () => ({ body: { message: 'Bienvenue' } }),

    welcomeAfterSignOut: () => ({ body: { message: 'Bienvenue' } }),

    health: () => ({ body: { status: 'ok' } }),

    async readiness() {
      if (!(await auth.isReady())) throw new AuthError('unavailable')
      return { body: { status: 'ready' } }
    },

    openApi() {
      document ??= openApiDocument(servedOperations(auth), auth.options)
      return { body: document }
    },
  }
})
