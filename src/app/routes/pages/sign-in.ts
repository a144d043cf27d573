import { TOPICS } from '../../../api/index.ts'
import { type FormState, renderSignIn, renderSignOut } from '../../../pages/index.ts'
import type { Route } from '../../handlers.ts'
import type { PageKit } from '../../pages/kit.ts'
import { formRoutes, onSubmit, pageWithForms } from '../../pages/page.ts'
import { credentialIn, unknownPasskey } from '../../pages/passkey.ts'
import { type PageRequest, SIGNED_IN } from '../../pages/request.ts'
import { cookieHeadersAfter, headersAfter } from '../../signed-in.ts'

const { pages } = TOPICS

/** The pages that start and end a session. */
export function signInPages(kit: PageKit): Route[] {
  const { auth } = kit
  const show = async (request: PageRequest, form: FormState) => {
    // Another tab may have signed in.
    const current = form.refusal === null ? await request.current() : null
    if (current !== null) return request.goOnWithSession(current.user)
    const isFlagged = (flag: string) => form.refusal === null && request.query.has(flag)
    return renderSignIn(request.look(), {
      form,
      returnTo: request.returnTarget,
      cookiesRefused: isFlagged(SIGNED_IN),
      passwordChanged: isFlagged('password_changed'),
      expired: isFlagged('expired'),
      unknownPasskey: unknownPasskey(form, auth.options),
    })
  }
  return [
    ...pageWithForms(kit, pages.showSignIn, show, [
      onSubmit(pages.signIn, async (request, { email, password, remember, return_to }) => {
        const returnTo = kit.returnTarget(return_to)
        const fields = { email, password, remember: remember === 'on', returnTo }
        const signedIn = await auth.signIn.withPassword(fields, request.caller)
        return request.goOnSignedIn(signedIn, return_to)
      }),

      onSubmit(pages.signInWithPasskey, async (request, { ceremony, credential, remember, return_to }) => {
        const answer = { ceremony, credential: credentialIn(credential), remember: remember === 'on' }
        const signedIn = await auth.signIn.withPasskey(answer, request.caller)
        return request.goOnSignedIn(signedIn, return_to)
      }),
    ]),

    ...formRoutes(kit, pages.showSignOut, pages.signOut, {
      async show(request, form) {
        const current = await request.current()
        return renderSignOut(request.look(current?.user), { form, returnTo: request.returnTarget })
      },
      async submit(request, { return_to }) {
        await auth.sessions.signOut(request.caller)
        const cookies = cookieHeadersAfter(request.caller, auth.options)
        const cleared = { cookies, headers: headersAfter(auth.options) }
        const target = kit.returnTarget(return_to)
        return target === null ? request.goTo('/sign_in', {}, cleared) : request.goBack(target, cleared)
      },
    }),
  ]
}
