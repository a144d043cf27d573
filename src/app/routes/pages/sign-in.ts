import { TOPICS } from '../../../api/index.ts'
import { renderSignIn, renderSignOut, renderStepUp } from '../../../pages/index.ts'
import type { Route } from '../../handlers.ts'
import type { PageKit } from '../../pages/kit.ts'
import { formRoutes } from '../../pages/page.ts'
import { cookieHeadersAfter, delivery, headersAfter } from '../../signed-in.ts'

const { pages } = TOPICS

/** The pages that start and end a session. */
export function signInPages(kit: PageKit): Route[] {
  const { auth } = kit
  return [
    ...formRoutes(
      kit,
      { show: pages.showSignIn, submit: pages.signIn },
      {
        async show(request, form) {
          // Also for a tab in which somebody was about to sign in while another tab did.
          if (form.refusal === null && (await request.current()) !== null)
            return request.goBack(request.returnTarget)
          return renderSignIn(request.look(), {
            form,
            returnTo: request.returnTargetOf(form),
            cookiesRefused: form.refusal === null && request.query.has('signed_in'),
            passwordChanged: form.refusal === null && request.query.has('password_changed'),
          })
        },
        async submit(request, { email, password, remember, return_to }) {
          const fields = { email, password, remember: remember === 'on' }
          const signedIn = await auth.signIn.withPassword(fields, request.caller)
          return request.goOnSignedIn(signedIn, return_to)
        },
      },
    ),

    ...formRoutes(
      kit,
      { show: pages.showStepUp, submit: pages.stepUp },
      {
        async show(request, form) {
          const { user } = await request.session()
          const returnTo = request.returnTargetOf(form)
          return renderStepUp(request.look(user), { form, returnTo, email: user.email })
        },
        async submit(request, { password, return_to }) {
          const renewed = await auth.signIn.reauthenticate({ password }, request.caller)
          const { cookies } = delivery(renewed, auth.options)
          return request.goBack(kit.returnTarget(return_to), { cookies })
        },
      },
    ),

    ...formRoutes(
      kit,
      { show: pages.showSignOut, submit: pages.signOut },
      {
        async show(request, form) {
          const current = await request.current()
          return renderSignOut(request.look(current?.user), { form, returnTo: request.returnTargetOf(form) })
        },
        async submit(request, { return_to }) {
          await auth.sessions.signOut(request.caller)
          const cookies = cookieHeadersAfter(request.caller, auth.options)
          const cleared = { cookies, headers: headersAfter(auth.options) }
          const target = kit.returnTarget(return_to)
          return target === null ? request.goTo('/sign_in', {}, cleared) : request.goBack(target, cleared)
        },
      },
    ),
  ]
}
