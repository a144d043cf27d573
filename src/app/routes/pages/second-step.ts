import { TOPICS } from '../../../api/index.ts'
import type { Enrolled, PendingSignIn } from '../../../auth/index.ts'
import { AuthError, ERRORS } from '../../../model/errors.ts'
import type { Factor, NextStep } from '../../../model/factors.ts'
import {
  type FormState,
  type Page,
  renderEnrolment,
  renderEnrolmentApp,
  renderNewRecoveryCode,
  renderRecoveryCodes,
  renderSecondStep,
  renderSignIn,
} from '../../../pages/index.ts'
import { clearedLoginCookie } from '../../cookies.ts'
import type { Route } from '../../handlers.ts'
import type { PageKit } from '../../pages/kit.ts'
import { formRoutes, onSubmit, pageWithForms } from '../../pages/page.ts'
import { credentialIn, unknownPasskey } from '../../pages/passkey.ts'
import { BEGUN, type PageRequest, STEPS } from '../../pages/request.ts'
import type { Answer } from '../../responses.ts'

const { pages } = TOPICS

/** What every form of these pages sends. */
interface WaitingFields {
  readonly pending?: string | undefined
  readonly email?: string | undefined
  readonly return_to?: string | undefined
}

/** The pages of a pending sign-in, which waits for a second factor or for one to be set up. */
export function secondStepPages(kit: PageKit): Route[] {
  return [...factorPage(kit), ...enrolmentPage(kit), ...enrolmentAppPage(kit)]
}

function factorPage(kit: PageKit): Route[] {
  const { auth } = kit
  const show = (submitted?: Factor) =>
    whileWaiting('second_factor', (request, form, signIn) => {
      const { methods } = signIn
      const asked = submitted ?? request.query.get('method')
      return renderSecondStep(request.look(), {
        form,
        signIn,
        methods,
        method: methods.find((each) => each === asked) ?? methods[0] ?? null,
        unknownPasskey: unknownPasskey(form, auth.options),
      })
    })
  return pageWithForms(kit, pages.showSecondStep, show(), [
    onSubmit(
      pages.proveTotp,
      step(async (request, { code }, { returnTo }) =>
        request.goOnSignedIn(await auth.signIn.withTotp({ code }, request.caller), returnTo),
      ),
      show('totp'),
    ),

    onSubmit(
      pages.proveRecoveryCode,
      step(async (request, { recovery_code: code }, { returnTo }) => {
        const result = await auth.signIn.withRecoveryCode({ code }, request.caller)
        const { newRecoveryCode, recoveryCodesLeft: left } = result
        const onward = request.nextStep(result, returnTo)
        const page = renderNewRecoveryCode(request.look(), { code: newRecoveryCode, left, onward })
        return { status: 200, page, cookies: request.cookiesOf(result) }
      }),
      show('recovery_code'),
    ),

    onSubmit(
      pages.provePasskey,
      step(async (request, { ceremony, credential }, { returnTo }) => {
        const answer = { ceremony, credential: credentialIn(credential) }
        return request.goOnSignedIn(await auth.signIn.withPasskey(answer, request.caller), returnTo)
      }),
      show('passkey'),
    ),

    onSubmit(pages.cancelSignIn, async (request, { return_to }) => {
      await auth.signIn.cancel(request.caller)
      return request.goOn('/sign_in', return_to, { cookies: [clearedLoginCookie(auth.options).header] })
    }),
  ])
}

function enrolmentPage(kit: PageKit): Route[] {
  const { auth } = kit
  const show = whileWaiting('enrol', (request, form, signIn) => {
    const look = request.look()
    return renderEnrolment(look, { form, signIn, takesApps: look.hasTotp && takesApps(kit) })
  })
  return pageWithForms(kit, pages.showEnrolment, show, [
    onSubmit(
      pages.enrolPasskey,
      step(async (request, { ceremony, credential }, { returnTo }) => {
        const answer = { ceremony, credential: credentialIn(credential) }
        return enrolled(request, await auth.passkeys.add(answer, request.caller), returnTo)
      }),
    ),

    onSubmit(
      pages.startEnrolmentApp,
      step(async (request) => {
        if (!takesApps(kit)) return request.goTo(STEPS.enrol)
        await auth.factors.startTotp(request.caller)
        return request.goTo('/sign_in/enrol/app')
      }),
    ),
  ])
}

function enrolmentAppPage(kit: PageKit): Route[] {
  const { auth } = kit
  return formRoutes(kit, pages.showEnrolmentApp, pages.enrolApp, {
    show: whileWaiting('enrol', async (request, form, signIn) => {
      const setup = takesApps(kit) ? await auth.factors.findTotpSetup(request.caller) : null
      if (setup === null) return request.goTo(STEPS.enrol)
      return renderEnrolmentApp(request.look(), { form, signIn, setup })
    }),
    submit: step(async (request, { code }, { returnTo }) =>
      enrolled(request, await auth.factors.confirmTotp({ code }, request.caller), returnTo),
    ),
  })
}

/** Under the policy `passkey`, an app is not enough. */
function takesApps({ auth }: PageKit): boolean {
  return auth.options.secondFactor !== 'passkey'
}

/** Signs in. Shows new recovery codes first. */
function enrolled(
  request: PageRequest,
  { signedIn, renewed, recoveryCodes }: Enrolled,
  returnTo: string | null,
): Answer {
  // The sign-in has expired, but the browser had a session.
  if (signedIn === null) return request.goBack(returnTo, { cookies: request.cookieOf(renewed) })
  if (recoveryCodes === null) return request.goOnSignedIn(signedIn, returnTo)
  const onward = request.nextStep(signedIn, returnTo)
  const page = renderRecoveryCodes(request.look(), { codes: recoveryCodes, onward })
  return { status: 200, page, cookies: request.cookiesOf(signedIn) }
}

/** Shows a page of a pending sign-in whose next step is `next`. Redirects any other to its own page. */
function whileWaiting(
  next: NextStep,
  show: (request: PageRequest, form: FormState, signIn: PendingSignIn) => Promise<Page | Answer> | Page,
) {
  return async (request: PageRequest, form: FormState) => {
    const signIn = await request.kit.auth.signIn.pending(request.caller)
    const hasBegun = request.query.has(BEGUN)
    if (signIn.next !== next) {
      // The other page has just sent the browser here. So the browser sends the two pages different cookies.
      if (hasBegun) throw new AuthError('pending_login_required')
      return request.goTo(STEPS[signIn.next], { [BEGUN]: '' })
    }
    if (hasBegun) return request.goTo(STEPS[next])
    return show(request, form, signIn)
  }
}

/** Takes a step of the sign-in that the form was shown for. */
function step<Fields extends WaitingFields>(
  take: (request: PageRequest, fields: Fields, signIn: PendingSignIn) => Promise<Answer>,
) {
  return async (request: PageRequest, fields: Fields): Promise<Answer> => {
    try {
      const signIn = await request.kit.auth.signIn.pending(request.caller)
      // Another tab has started another sign-in, maybe of another account.
      if (fields.pending !== undefined && fields.pending !== signIn.id)
        throw new AuthError('invalid_field', { field: 'pending' })
      return await take(request, fields, signIn)
    } catch (error) {
      if (!(error instanceof AuthError) || error.code !== 'pending_login_required') throw error
      return beginAgain(request, fields, error)
    }
  }
}

/** Shows the sign-in page, because the sign-in has expired. If another tab has finished it, goes on instead. */
async function beginAgain(
  request: PageRequest,
  { email = '', return_to }: WaitingFields,
  refusal: AuthError,
): Promise<Answer> {
  if (!request.acceptsHtml || email === '') throw refusal
  const returnTo = request.kit.returnTarget(return_to)
  if ((await request.current()) !== null) return request.goBack(returnTo)
  const page = renderSignIn(request.look(), {
    form: { values: { email, remember: 'on' }, refusal },
    returnTo,
    cookiesRefused: false,
    passwordChanged: false,
    expired: true,
    unknownPasskey: null,
  })
  return { status: ERRORS[refusal.code].status, page, refused: refusal }
}
