import { TOPICS } from '../../../api/index.ts'
import { AuthError } from '../../../model/errors.ts'
import type { StepUpMethod } from '../../../model/factors.ts'
import { type FormState, renderStepUp } from '../../../pages/index.ts'
import type { Route } from '../../handlers.ts'
import type { PageKit } from '../../pages/kit.ts'
import { onSubmit, pageWithForms } from '../../pages/page.ts'
import { credentialIn, unknownPasskey } from '../../pages/passkey.ts'
import { type PageRequest, STRONG } from '../../pages/request.ts'

const { pages } = TOPICS

/** The page on which a signed-in user proves again who they are. */
export function stepUpPages(kit: PageKit): Route[] {
  const { auth } = kit
  const show = (submitted?: StepUpMethod) => async (request: PageRequest, form: FormState) => {
    const { user } = await request.session()
    const ways = await waysToStepUp(request)
    const { methods } = ways
    const asked = submitted ?? request.query.get('method')
    return renderStepUp(request.look(user), {
      ...ways,
      form,
      returnTo: request.returnTarget,
      email: user.email,
      method: methods.find((each) => each === asked) ?? methods[0] ?? null,
      unknownPasskey: unknownPasskey(form, auth.options),
      providers: methods.includes('provider') ? await auth.providers.forReauthentication(request.caller) : [],
    })
  }
  const submit = async (
    request: PageRequest,
    proof: Parameters<typeof auth.signIn.reauthenticate>[0],
    target: string | undefined,
  ) => {
    const renewed = await auth.signIn.reauthenticate(proof, request.caller)
    return request.goBack(kit.returnTarget(target), { cookies: request.cookieOf(renewed) })
  }
  return pageWithForms(kit, pages.showStepUp, show(), [
    onSubmit(
      pages.stepUp,
      (request, { password, return_to }) => submit(request, { password }, return_to),
      show('password'),
    ),

    onSubmit(
      pages.stepUpWithTotp,
      (request, { code, return_to }) => submit(request, { totp: code }, return_to),
      show('totp'),
    ),

    onSubmit(
      pages.stepUpWithPasskey,
      (request, { ceremony, credential, return_to }) =>
        submit(request, { ceremony, credential: credentialIn(credential) }, return_to),
      show('passkey'),
    ),
  ])

  /** The methods that the session accepts. If it needs a second factor, a password is not enough. */
  async function waysToStepUp({ caller }: PageRequest) {
    try {
      await auth.sessions.verify(STRONG, caller)
    } catch (error) {
      if (!(error instanceof AuthError) || error.accepts === undefined) throw error
      return { methods: error.accepts, needsSecondFactor: error.code === 'second_factor_required' }
    }
    // Nothing requires step-up, but the user opened the page directly.
    const { password, totp, passkeys } = await auth.factors.list(caller)
    const providers = await auth.providers.forReauthentication(caller)
    const methods: StepUpMethod[] = [
      ...(passkeys.some(({ usable }) => usable) ? (['passkey'] as const) : []),
      ...(totp !== null && totp.disabledAt === null ? (['totp'] as const) : []),
      ...(password ? (['password'] as const) : []),
      ...(providers.length > 0 ? (['provider'] as const) : []),
    ]
    return { methods, needsSecondFactor: false }
  }
}
