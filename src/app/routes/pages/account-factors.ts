import { TOPICS } from '../../../api/index.ts'
import { relyingPartyOf } from '../../../lib/relying-party.ts'
import {
  type FormState,
  renderFactors,
  renderFactorsApp,
  renderPasskeys,
  renderRecoveryCodes,
} from '../../../pages/index.ts'
import type { Route } from '../../handlers.ts'
import type { PageKit } from '../../pages/kit.ts'
import { formRoutes, onSubmit, pageWithForms } from '../../pages/page.ts'
import { credentialIn } from '../../pages/passkey.ts'
import { DONE, type PageRequest, STRONG } from '../../pages/request.ts'
import { unlessGone } from '../../pages/unless-gone.ts'

const { pages } = TOPICS

/** The pages about passkeys and the second factor. All of them require step-up. */
export function accountFactorPages(kit: PageKit): Route[] {
  return [...passkeyPages(kit), ...factorPages(kit), ...wellKnown(kit)]
}

function passkeyPages(kit: PageKit): Route[] {
  const { auth } = kit
  const rpId = relyingPartyOf(auth.options)?.id ?? ''
  const show = async (request: PageRequest, form: FormState) => {
    const { user } = await request.session(STRONG)
    const { passkeys, userHandle } = await auth.factors.list(request.caller)
    const credentialIds = passkeys.filter(({ usable }) => usable).map(({ credentialId }) => credentialId)
    return renderPasskeys(request.look(user), {
      form,
      passkeys,
      done: request.doneIn(form),
      known: userHandle === null ? null : { rpId, userHandle, email: user.email, credentialIds },
    })
  }
  const back = (request: PageRequest, done: string, cookies: readonly string[] = []) =>
    request.goTo('/account/passkeys', { [DONE]: done }, { cookies })
  return pageWithForms(kit, pages.showPasskeys, show, [
    onSubmit(pages.addPasskey, async (request, { ceremony, credential }) => {
      const answer = { ceremony, credential: credentialIn(credential) }
      const { renewed } = await auth.passkeys.add(answer, request.caller)
      return back(request, 'added', request.cookieOf(renewed))
    }),

    onSubmit(pages.renamePasskey, async (request, { passkey: id, name }) => {
      await request.session(STRONG)
      const isThere = await unlessGone(auth.passkeys.rename({ id, name }, request.caller))
      return back(request, isThere ? 'renamed' : 'already_removed')
    }),

    onSubmit(pages.removePasskey, async (request, { passkey: id }) => {
      const isThere = await unlessGone(auth.passkeys.remove({ id }, request.caller))
      return back(request, isThere ? 'removed' : 'already_removed')
    }),
  ])
}

function factorPages(kit: PageKit): Route[] {
  const { auth } = kit
  const show = async (request: PageRequest, form: FormState) => {
    const { user } = await request.session(STRONG)
    const factors = await auth.factors.list(request.caller)
    return renderFactors(request.look(user), { form, factors, done: request.doneIn(form) })
  }
  const back = (request: PageRequest, done: string, cookies: readonly string[] = []) =>
    request.goTo('/account/factors', { [DONE]: done }, { cookies })
  const showCodes = (
    request: PageRequest,
    user: { readonly email: string },
    codes: readonly string[],
    done: string,
  ) => {
    const onward = { path: '/account/factors', query: { [DONE]: done } }
    return renderRecoveryCodes(request.look(user), { codes, onward, entry: 'factors' })
  }
  return [
    ...pageWithForms(kit, pages.showFactors, show, [
      onSubmit(pages.setSecondFactor, async (request, { enabled }) => {
        await auth.factors.setSecondFactor({ enabled: enabled === 'on' }, request.caller)
        return back(request, enabled)
      }),

      onSubmit(pages.startApp, async (request) => {
        await auth.factors.startTotp(request.caller)
        return request.goTo('/account/factors/app')
      }),

      onSubmit(pages.removeApp, async (request) => {
        const isThere = await unlessGone(auth.factors.removeTotp(request.caller))
        return back(request, isThere ? 'app_removed' : 'app_already_removed')
      }),

      onSubmit(pages.renewRecoveryCodes, async (request) => {
        const { user } = await request.session(STRONG)
        return showCodes(request, user, await auth.factors.renewRecoveryCodes(request.caller), 'renewed')
      }),
    ]),

    ...formRoutes(kit, pages.showApp, pages.confirmApp, {
      async show(request, form) {
        const { user } = await request.session(STRONG)
        const setup = await auth.factors.findTotpSetup(request.caller)
        if (setup === null) return request.goTo('/account/factors')
        const { totp } = await auth.factors.list(request.caller)
        return renderFactorsApp(request.look(user), { form, setup, replaces: totp !== null })
      },
      async submit(request, { code }) {
        const { user } = await request.session(STRONG)
        const { recoveryCodes, renewed } = await auth.factors.confirmTotp({ code }, request.caller)
        const cookies = request.cookieOf(renewed)
        if (recoveryCodes === null) return back(request, 'app_added', cookies)
        return { status: 200, page: showCodes(request, user, recoveryCodes, 'app_added'), cookies }
      },
    }),
  ]
}

/** The well-known URLs that password managers and browsers request. */
function wellKnown({ auth, pathTo }: PageKit): Route[] {
  const { baseUrl, passkeyOrigins } = auth.options
  return [
    {
      operation: pages.passkeyEndpoints,
      async answer() {
        const page = new URL(pathTo('/account/passkeys'), baseUrl).href
        return { status: 200, body: { enroll: page, manage: page } }
      },
    },
    {
      operation: pages.relatedOrigins,
      async answer() {
        return { status: 200, body: { origins: passkeyOrigins.split(',') } }
      },
    },
  ]
}
