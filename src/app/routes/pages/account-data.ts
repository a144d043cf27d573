import { TOPICS } from '../../../api/index.ts'
import { AuthError } from '../../../model/errors.ts'
import { normalizeEmail } from '../../../model/user.ts'
import { type FormState, renderData, renderDeleted } from '../../../pages/index.ts'
import type { Route } from '../../handlers.ts'
import type { PageKit } from '../../pages/kit.ts'
import { onSubmit, pageRoute, pageWithForms } from '../../pages/page.ts'
import { type PageRequest, STRONG } from '../../pages/request.ts'
import { cookieHeadersAfter } from '../../signed-in.ts'
import { exportOnWire } from '../../wire.ts'

const { pages } = TOPICS

/** The pages that export and delete the account. */
export function accountDataPages(kit: PageKit): Route[] {
  const { auth } = kit
  const show = async (request: PageRequest, form: FormState) => {
    const { user } = await request.session(STRONG)
    return renderData(request.look(user), {
      form,
      email: user.email,
      auditDays: auth.options.auditRetentionDays,
    })
  }
  return [
    ...pageWithForms(kit, pages.showData, show, [
      onSubmit(pages.exportData, async (request) => {
        const body = exportOnWire(await auth.account.export(request.caller))
        return { status: 200, body, headers: AS_FILE }
      }),

      onSubmit(pages.deleteAccount, async (request, { email }) => {
        const { user } = await request.session(STRONG)
        if (normalizeEmail(email) !== normalizeEmail(user.email))
          throw new AuthError('invalid_field', { field: 'email' })
        await auth.account.delete(request.caller)
        return request.goTo(
          '/account/deleted',
          {},
          { cookies: cookieHeadersAfter(request.caller, auth.options) },
        )
      }),
    ]),

    pageRoute(kit, pages.showDeleted, async (request) =>
      (await request.current()) === null
        ? renderDeleted(request.look(), { sendsMail: auth.mailer !== null })
        : request.goTo('/account'),
    ),
  ]
}

const AS_FILE = { 'content-disposition': 'attachment; filename="account.json"' }
