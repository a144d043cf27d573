import { negotiate } from '../../lib/language.ts'
import { renderConfirmEmail, renderResetPassword, type Setting } from '../../pages/index.ts'
import { LOCALES } from '../../text.ts'
import { routesOf } from '../handlers.ts'
import { basePath } from '../paths.ts'

export const pageRoutes = routesOf('pages', ({ options }) => {
  const settingFor = (acceptLanguage: string | undefined): Setting => ({
    locale: negotiate(acceptLanguage, LOCALES),
    basePath: basePath(options),
    resetEndsSessions: options.resetEndsSessions,
    minPasswordLength: options.minPasswordLength,
  })
  return {
    confirmEmail: ({ caller }) => ({ page: renderConfirmEmail(settingFor(caller.acceptLanguage)) }),

    resetPassword: ({ caller }) => ({ page: renderResetPassword(settingFor(caller.acceptLanguage)) }),
  }
})
