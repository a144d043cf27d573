import { AuthError } from '../../model/errors.ts'
import { routesOf } from '../handlers.ts'
import { openApiDocument } from '../openapi.ts'
import { basePath } from '../paths.ts'
import { redirect } from '../responses.ts'
import { servedOperations } from '../served.ts'

export const serviceRoutes = routesOf('service', (auth) => {
  // Generated on first use.
  let document: ReturnType<typeof openApiDocument> | undefined
  return {
    async welcome({ acceptsHtml, credentials }) {
      if (!acceptsHtml || !auth.options.pages) return { body: { message: 'Bienvenue' } }
      const isSignedIn = (await auth.sessions.current(credentials)) !== null
      const home = `${basePath(auth.options)}${isSignedIn ? '/account' : '/sign_in'}`
      return redirect(home, 303)
    },

    welcomeAfterSignOut: () => ({ body: { message: 'Bienvenue' } }),

    health: () => ({ body: { status: 'ok' } }),

    async readiness() {
      if (!(await auth.isReady())) throw new AuthError('unavailable')
      return { body: { status: 'ready' } }
    },

    openApi() {
      document ??= openApiDocument(servedOperations(auth), auth.options, auth.userFields)
      return { body: document }
    },
  }
})
