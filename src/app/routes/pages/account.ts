import { TOPICS } from '../../../api/index.ts'
import {
  type FormState,
  renderAccount,
  renderActivity,
  renderEmail,
  renderEmailCode,
  renderPassword,
  renderProfile,
  renderSessions,
} from '../../../pages/index.ts'
import { browserFor } from '../../browser.ts'
import { declinedCookie, hasDeclined } from '../../cookies.ts'
import type { Route } from '../../handlers.ts'
import type { PageKit } from '../../pages/kit.ts'
import { formRoutes, onSubmit, pageRoute, pageWithForms, submitRoute } from '../../pages/page.ts'
import { DONE, type PageRequest, STRONG } from '../../pages/request.ts'
import { unlessGone } from '../../pages/unless-gone.ts'
import { profileChanges, withBoxes } from '../../pages/user-fields.ts'
import { isServed } from '../../served.ts'

const { pages } = TOPICS

/** The pages of a signed-in user, except those about factors, identities and data. */
export function accountPages(kit: PageKit): Route[] {
  const { auth } = kit
  const hasFactors = isServed(pages.showFactors, auth)
  return [
    pageRoute(kit, pages.showAccount, async (request) => {
      const { user } = await request.session()
      const factors = hasFactors ? await auth.factors.list(request.caller) : null
      const isOffered = !hasDeclined(request.cookieHeader, auth.options)
      return renderAccount(request.look(user), { user, factors, isOffered })
    }),

    submitRoute(kit, pages.showAccount, pages.declinePasskey, {
      show: (request) => request.goTo('/account'),
      async submit(request) {
        await request.session()
        return request.goTo('/account', {}, { cookies: [declinedCookie(auth.options).header] })
      },
    }),

    pageRoute(kit, pages.showActivity, async (request) => {
      const { user } = await request.session()
      const records = await auth.account.activity(request.caller)
      return renderActivity(request.look(user), { records, part: request.query.get('part') })
    }),

    ...formRoutes(kit, pages.showProfile, pages.changeProfile, {
      async show(request, form) {
        const { user } = await request.session()
        const returnTo = request.returnTarget
        return renderProfile(request.look(user), { form, user, returnTo, done: request.doneIn(form) })
      },
      async submit(request, { name, locale, metadata, return_to }) {
        const { user } = await request.session()
        const typed = withBoxes(metadata, auth.userFields)
        const changes = profileChanges(user, { name, locale, metadata: typed }, auth.userFields)
        if (Object.keys(changes).length > 0) await auth.account.update(changes, request.caller)
        const target = kit.returnTarget(return_to)
        return target === null
          ? request.goTo('/account/profile', { [DONE]: 'saved' })
          : request.goBack(target)
      },
    }),

    ...emailPages(kit),
    ...sessionPages(kit),

    ...formRoutes(kit, pages.showPassword, pages.changePassword, {
      async show(request, form) {
        const { user } = await request.session({ aal: 'strongest' })
        const { password } = await auth.factors.list(request.caller)
        // The first password can be set without a current one, so make sure that it is the owner.
        if (!password) await request.session(STRONG)
        const { email } = user
        const done = request.doneIn(form)
        return renderPassword(request.look(user), { form, email, hasPassword: password, done })
      },
      async submit(request, { password, new_password }) {
        const passwords = { currentPassword: password, newPassword: new_password }
        const renewed = await auth.account.changePassword(passwords, request.caller)
        const cookies = request.cookieOf(renewed)
        return request.goTo('/account/password', { [DONE]: 'changed' }, { cookies })
      },
    }),
  ]
}

/** The pages that change the address. */
function emailPages(kit: PageKit): Route[] {
  const { auth } = kit
  const hasCodes = isServed(pages.showEmailCode, auth)
  return [
    ...formRoutes(kit, pages.showEmail, pages.changeEmail, {
      async show(request, form) {
        const done = request.doneIn(form)
        // A code may arrive after the session is no longer fresh. Its result must be shown without step-up.
        const { user, session } = await request.session(done === null ? STRONG : {})
        const { fresh } = session
        return renderEmail(request.look(user), { form, email: user.email, fresh, done })
      },
      async submit(request, { email }) {
        const browser = browserFor(auth, request.caller, undefined)
        await auth.account.changeEmail({ email }, browser.caller)
        return hasCodes
          ? request.goTo('/account/email/code', {}, { cookies: browser.cookies })
          : request.goTo('/account/email', { [DONE]: 'mailed' })
      },
    }),

    ...formRoutes(kit, pages.showEmailCode, pages.redeemEmailCode, {
      async show(request, form) {
        const { user } = await request.session()
        return renderEmailCode(request.look(user), { form })
      },
      async submit(request, { code }) {
        await auth.mailCodes.changeEmail({ code }, request.caller)
        return request.goTo('/account/email', { [DONE]: 'changed' })
      },
    }),
  ]
}

/** The page of the devices. Only its forms require a fresh session. */
function sessionPages(kit: PageKit): Route[] {
  const { auth } = kit
  const show = async (request: PageRequest, form: FormState) => {
    const { user, session } = await request.session()
    return renderSessions(request.look(user), {
      form,
      sessions: await auth.sessions.list(request.caller),
      fresh: session.fresh,
      done: request.doneIn(form),
      part: request.query.get('part'),
    })
  }
  return pageWithForms(kit, pages.showSessions, show, [
    onSubmit(pages.endSession, async (request, { session: id }) => {
      const isThere = await unlessGone(auth.sessions.end({ id }, request.caller))
      return request.goTo('/account/sessions', { [DONE]: isThere ? 'ended' : 'already_ended' })
    }),

    onSubmit(pages.endOtherSessions, async (request) => {
      await auth.sessions.endOthers(request.caller)
      return request.goTo('/account/sessions', { [DONE]: 'others_ended' })
    }),
  ])
}
