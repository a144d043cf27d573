/**
 * Connects a hosted page to its view and its form. GET shows the page. POST calls a use case: success redirects to another
 * page, and a refusal shows the page again with the reason and what was typed.
 */
import { bodyTypesOf, type Contract, type FieldsOf } from '../../api/index.ts'
import { AuthError, ERRORS, type ErrorCode } from '../../model/errors.ts'
import { USER_FIELD_PREFIX } from '../../model/user-fields.ts'
import { type FormState, type Page, renderSignInAgain } from '../../pages/index.ts'
import { nested, readFields, validated } from '../body.ts'
import type { Admitted, Route } from '../handlers.ts'
import { type Answer, headersOf } from '../responses.ts'
import { bodyFor } from '../user-metadata.ts'
import type { PageKit } from './kit.ts'
import { BEGUN, PageRequest, SIGNED_IN } from './request.ts'

type Show = (request: PageRequest, form: FormState) => Promise<Page | Answer> | Page | Answer

/** A page without a form. */
export function pageRoute(kit: PageKit, operation: Contract, show: Show): Route {
  return {
    operation,
    async answer(admitted) {
      const request = new PageRequest(admitted, kit, operation.path)
      try {
        await request.prepare()
        return answerOf(await show(request, EMPTY), request)
      } catch (error) {
        return detour(request, error)
      }
    },
  }
}

interface FormHandlers<Form extends Contract> {
  readonly show: Show
  readonly submit: (request: PageRequest, fields: FieldsOf<Form>) => Promise<Page | Answer> | Page | Answer
}

/**
 * A page with a form.
 *
 * @param handlers - `show`: renders the page with the state of the form. `submit`: calls the use case and answers, usually with
 *   a redirect.
 */
export function formRoutes<Form extends Contract>(
  kit: PageKit,
  page: Contract,
  form: Form,
  handlers: FormHandlers<Form>,
): Route[] {
  return [pageRoute(kit, page, handlers.show), submitRoute(kit, page, form, handlers)]
}

type PageForm = (kit: PageKit, page: Contract, show: Show) => Route

/** A page with several forms. `show` renders it, also after a form was refused. */
export function pageWithForms(kit: PageKit, page: Contract, show: Show, forms: readonly PageForm[]): Route[] {
  return [pageRoute(kit, page, show), ...forms.map((form) => form(kit, page, show))]
}

/**
 * A form of such a page.
 *
 * @param submit - Calls the use case and answers, usually with a redirect.
 * @param showAgain - Renders the page after a refusal. Default: `show` of the page.
 */
export function onSubmit<Form extends Contract>(
  form: Form,
  submit: FormHandlers<Form>['submit'],
  showAgain?: Show,
): PageForm {
  return (kit, page, show) => submitRoute(kit, page, form, { show: showAgain ?? show, submit })
}

/** A form. A refusal shows the page again, and step-up returns to the page. */
export function submitRoute<Form extends Contract>(
  kit: PageKit,
  page: Contract,
  form: Form,
  handlers: FormHandlers<Form>,
): Route {
  const body = form.body && bodyFor(form.body, kit.auth)
  return {
    operation: form,
    answer: (admitted) => submitted(new PageRequest(admitted, kit, page.path), admitted),
  }
  async function submitted(request: PageRequest, { incoming }: Admitted): Promise<Answer> {
    let values: Readonly<Record<string, unknown>> = {}
    try {
      await request.prepare()
      const sent = body === undefined ? [] : await readFields(incoming, bodyTypesOf(form))
      values = Object.fromEntries(sent)
      request.keepReturnTo(values.return_to)
      const fields = body === undefined ? {} : validated('metadata' in body.shape ? nested(sent) : sent, body)
      return answerOf(await handlers.submit(request, fields as FieldsOf<Form>), request)
    } catch (error) {
      if (!request.acceptsHtml || !(error instanceof AuthError) || !isForForm(error))
        return detour(request, error)
      return showAgain(request, values, error)
    }
  }
  async function showAgain(
    request: PageRequest,
    values: Readonly<Record<string, unknown>>,
    refusal: AuthError,
  ): Promise<Answer> {
    try {
      const answer = answerOf(await handlers.show(request, { values: typed(values), refusal }), request)
      // The page redirects, because its form can do nothing any more.
      if (answer.page === undefined) return { ...answer, refused: refusal }
      return {
        ...answer,
        status: ERRORS[refusal.code].status,
        headers: { ...answer.headers, ...headersOf(refusal) },
        refused: refusal,
      }
    } catch (error) {
      // The page itself requires a session or step-up.
      return detour(request, error)
    }
  }
}

const EMPTY: FormState = { values: {}, refusal: null }

/** The request does not come from the form of the page, or another page must come first. */
const NOT_FOR_FORM = new Set<ErrorCode>([
  'unauthenticated',
  'second_factor_required',
  'reauthentication_required',
  'pending_login_required',
  'unknown_field',
  'repeated_field',
  'malformed_body',
  'malformed_request',
  'not_found',
])
const FORM_STATUSES = new Set([400, 401, 403, 409, 429, 503])

function isForForm({ code }: AuthError): boolean {
  return !NOT_FOR_FORM.has(code) && FORM_STATUSES.has(ERRORS[code].status)
}

/** The values that a page may show again: never a password or a code. */
function typed(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, string] =>
        typeof entry[1] === 'string' && !isSecret(entry[0]) && entry[1].length <= 2_048,
    ),
  )
}

function isSecret(name: string): boolean {
  return /password|code/.test(name) && !name.startsWith(USER_FIELD_PREFIX)
}

function answerOf(result: Page | Answer, { languageCookie }: PageRequest): Answer {
  const answer: Answer = 'html' in result ? { status: 200, page: result } : result
  return languageCookie === null
    ? answer
    : { ...answer, cookies: [...(answer.cookies ?? []), languageCookie] }
}

/** The refusals that step-up resolves. */
const STEP_UP = new Set<ErrorCode>(['second_factor_required', 'reauthentication_required'])

/** Sends a browser to the page that must come first: sign-in, or step-up. */
function detour(request: PageRequest, error: unknown): Answer {
  if (!(error instanceof AuthError) || !request.acceptsHtml) throw error
  if (error.code === 'unauthenticated') return toSignIn(request, error)
  if (STEP_UP.has(error.code)) return request.goTo('/confirm', { return_to: request.here })
  // The cookie was just set. If it is missing now, the browser refuses cookies.
  if (error.code === 'pending_login_required')
    return request.goTo('/sign_in', { [request.query.has(BEGUN) ? SIGNED_IN : 'expired']: '' })
  throw error
}

/**
 * Sends a browser to the sign-in page. If that page has just sent it here because it sees a session, shows an explanation
 * instead: the two pages would redirect to each other for ever. Clears other session cookies, so that the next attempt works.
 */
function toSignIn(request: PageRequest, refused: AuthError): Answer {
  const { here, clearedElsewhere: cookies } = request
  if (request.query.has(SIGNED_IN)) {
    const page = renderSignInAgain(request.look(), { returnTo: here })
    return { status: ERRORS[refused.code].status, page, refused, cookies }
  }
  return request.goTo('/sign_in', { return_to: here }, request.hasSeveralSessions ? { cookies } : {})
}
