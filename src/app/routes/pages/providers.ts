import { bodyTypesOf, TOPICS } from '../../../api/index.ts'
import type { ProviderOutcome, StartedFlow } from '../../../auth/index.ts'
import { AuthError } from '../../../model/errors.ts'
import { type FormState, renderContinue, renderIdentities, renderLeadingOn } from '../../../pages/index.ts'
import { readBody } from '../../body.ts'
import { browserFor } from '../../browser.ts'
import { clearedFlowCookie, flowCookies, readFlowCookie } from '../../cookies.ts'
import type { Route } from '../../handlers.ts'
import type { PageKit } from '../../pages/kit.ts'
import { onSubmit, pageRoute, pageWithForms, submitRoute } from '../../pages/page.ts'
import { DONE, type PageRequest, STRONG } from '../../pages/request.ts'
import { unlessGone } from '../../pages/unless-gone.ts'
import { type Answer, redirect } from '../../responses.ts'

const { pages } = TOPICS

/** The pages of sign-in with other providers. */
export function providerPages(kit: PageKit): Route[] {
  return [...callbackPages(kit), ...continuePage(kit), ...identityPage(kit), ...startForms(kit)]
}

/** Where a provider sends the browser back. */
function callbackPages(kit: PageKit): Route[] {
  return [
    pageRoute(kit, pages.completeAtCallback, async (request) => {
      const parameters = Object.fromEntries(request.query)
      // The state begins with the id of the flow.
      const [flowId = ''] = (parameters.state ?? '').split('.', 1)
      const answer = { provider: request.params.provider ?? '', parameters }
      const outcome = await kit.auth.providers.completeSignIn(answer, withFlow(request, flowId))
      return goOn(request, outcome, flowId)
    }),

    {
      operation: pages.postToCallback,
      async answer({ incoming, params: { provider = '' } }) {
        const { body } = pages.postToCallback
        const answer = await readBody(incoming, body, bodyTypesOf(pages.postToCallback))
        // This request comes from another site, so the browser did not send our cookies.
        const query = answer as Readonly<Record<string, string>>
        return redirect(kit.pathTo(`/login/${encodeURIComponent(provider)}/callback`, query), 303)
      },
    },
  ]
}

/** The page that finishes a sign-in that needs the user's account or address. */
function continuePage(kit: PageKit): Route[] {
  const { auth } = kit
  const show = async (request: PageRequest, form: FormState) => {
    const flow = form.values.flow ?? request.query.get('flow') ?? ''
    const waiting = await auth.providers.waiting(withFlow(request, flow))
    const isSignedIn = (await request.current()) !== null
    // Connecting requires step-up.
    const user = isSignedIn ? (await request.session(STRONG)).user : null
    return renderContinue(request.look(user), {
      form,
      waiting,
      returnTo: kit.returnTarget(waiting.returnTo),
      signedInAs: user?.email ?? null,
    })
  }
  return pageWithForms(kit, pages.showContinue, show, [
    onSubmit(pages.connectIdentity, async (request, { flow }) => {
      const { returnTo } = await auth.providers.connect(withFlow(request, flow))
      const cookies = [clearedFlowCookie(flow, auth.options).header]
      return request.goBack(kit.returnTarget(returnTo), { cookies })
    }),

    onSubmit(pages.enterAddress, async (request, { flow, email }) => {
      const { caller, cookies = [] } = browserFor(auth, withFlow(request, flow), undefined)
      const { returnTo } = await auth.providers.waiting(caller)
      const entered = await auth.providers.enterAddress({ email }, caller)
      if (entered.next === 'confirm_email')
        return request.goOn('/sign_up/code', returnTo ?? undefined, { email, cookies })
      return goOn(request, { ...entered, returnTo }, flow)
    }),
  ])
}

function identityPage(kit: PageKit): Route[] {
  const { auth } = kit
  const show = async (request: PageRequest, form: FormState) => {
    const { user } = await request.session(STRONG)
    const identities = await auth.identities.list(request.caller)
    return renderIdentities(request.look(user), { form, identities, done: request.doneIn(form) })
  }
  return pageWithForms(kit, pages.showIdentities, show, [
    onSubmit(pages.unlinkIdentity, async (request, { identity }) => {
      const isThere = await unlessGone(auth.identities.unlink({ id: identity }, request.caller))
      return request.goTo('/account/identities', {
        [DONE]: isThere ? 'disconnected' : 'already_disconnected',
      })
    }),

    onSubmit(pages.linkIdentity, async (request) => {
      const { provider = '' } = request.params
      const returnTo = kit.pathTo('/account/identities', { [DONE]: 'connected' })
      return leadOn(request, await auth.identities.link({ provider, returnTo }, request.caller))
    }),
  ])
}

/** The buttons on the pages for sign-in and step-up. They have no input, so a refusal has a page of its own. */
function startForms(kit: PageKit): Route[] {
  const { auth } = kit
  const show = (_: PageRequest, { refusal }: FormState): never => {
    throw refusal ?? new AuthError('not_found')
  }
  return [
    submitRoute(kit, pages.showSignIn, pages.signInAtProvider, {
      show,
      async submit(request, { remember, return_to }) {
        const { provider = '' } = request.params
        const fields = { provider, remember: remember === 'on', returnTo: kit.returnTarget(return_to) }
        return leadOn(request, await auth.providers.startSignIn(fields, request.caller))
      },
    }),

    submitRoute(kit, pages.showStepUp, pages.stepUpAtProvider, {
      show,
      async submit(request, { return_to }) {
        const { provider = '' } = request.params
        const fields = { provider, returnTo: kit.returnTarget(return_to) }
        return leadOn(request, await auth.providers.startReauthentication(fields, request.caller))
      },
    }),
  ]
}

function withFlow({ caller, cookieHeader, kit }: PageRequest, flowId: string) {
  return { ...caller, flowToken: readFlowCookie(cookieHeader, flowId, kit.auth.options) ?? undefined }
}

async function leadOn(request: PageRequest, { redirectTo, flowToken }: StartedFlow): Promise<Answer> {
  const { auth } = request.kit
  const { provider: id = '' } = request.params
  const name = (await auth.providers.available()).find((each) => each.id === id)?.name ?? id
  const cookies = flowCookies(flowToken, request.cookieHeader, auth.options).map(({ header }) => header)
  return { status: 200, page: renderLeadingOn(request.look(), { name, url: redirectTo }), cookies }
}

/** Sends the browser on after it has come back from a provider. */
function goOn(request: PageRequest, outcome: ProviderOutcome, flowId: string): Answer {
  const { kit } = request
  const cleared = clearedFlowCookie(flowId, kit.auth.options).header
  switch (outcome.next) {
    case 'account_exists':
    case 'address_required':
      return request.goTo('/login/continue', { flow: outcome.flow })
    case 'connected':
      return request.goBack(kit.returnTarget(outcome.returnTo), { cookies: [cleared] })
    case 'reauthenticated': {
      const cookies = [...request.cookieOf(outcome), cleared]
      return request.goBack(kit.returnTarget(outcome.returnTo), { cookies })
    }
    default: {
      const answer = request.goOnSignedIn(outcome, outcome.returnTo)
      return { ...answer, cookies: [...(answer.cookies ?? []), cleared] }
    }
  }
}
