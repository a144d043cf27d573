import { negotiate } from '../../lib/language.ts'
import { type PageContext, renderConfirmEmail, renderResetPassword } from '../../pages/index.ts'
import { LOCALES } from '../../text/index.ts'
import { routesOf } from '../handlers.ts'
import { basePath } from '../paths.ts'

export const pageRoutes = routesOf('pages', ({ options }) => {
  const contextFor = (acceptLanguage: string | undefined): PageContext => ({
    locale: negotiate(acceptLanguage, LOCALES),
    basePath: basePath(options),
    resetEndsSessions: options.resetEndsSessions,
    minPasswordLength: options.minPasswordLength,
  })
  return {
    confirmEmail: ({ caller }) => ({ page: renderConfirmEmail(contextFor(caller.acceptLanguage)) }),

    resetPassword: ({ caller }) => ({ page: renderResetPassword(contextFor(caller.acceptLanguage)) }),
  }
})
