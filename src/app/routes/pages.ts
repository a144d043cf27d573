import * as api from '../../api/index.ts'
import { negotiate } from '../../lib/language.ts'
import { type Page, type PageContext, renderConfirmEmail, renderResetPassword } from '../../pages/index.ts'
import { LOCALES } from '../../text/index.ts'
import { basePath } from '../paths.ts'
import { type Routes, route } from '../handlers.ts'

export const pageRoutes: Routes = (engine) =>
  [
    [api.confirmEmailPage, renderConfirmEmail] as const,
    [api.resetPasswordPage, renderResetPassword] as const,
  ].map(([operation, render]: readonly [api.Operation, (context: PageContext) => Page]) =>
    route(engine, operation, ({ caller }) => ({
      status: 200,
      page: render({
        locale: negotiate(caller.acceptLanguage, LOCALES),
        basePath: basePath(engine.options),
        resetEndsSessions: engine.options.resetEndsSessions,
        minPasswordLength: engine.options.minPasswordLength,
      }),
    })),
  )
