import { html } from 'hono/html'
import type { Account } from '../../model/user.ts'
import { missingUserField } from '../../model/user-fields.ts'
import { form, inputField, selectField, summary } from '../form.ts'
import { ACCOUNT_PAGES, LANGUAGE_NAMES, layOut, type Page } from '../layout.ts'
import type { Look } from '../look.ts'
import { type FormState, problemOf } from '../problems.ts'
import { userFieldInputs, userFieldProblems } from '../user-fields.ts'
import { fill } from '../words.ts'
import { notice } from './notice.ts'

/** The data of the profile page. */
export interface ProfileView {
  readonly form: FormState
  readonly user: Account
  /** Where the browser goes after the profile is saved. `null`: back to this page. */
  readonly returnTo: string | null
  /** What has just been done: a key of `profile.done`. */
  readonly done: string | null
}

/** The page that changes the name, the language and the user fields. */
export function renderProfile(look: Look, { form: state, user, returnTo, done }: ProfileView): Page {
  const { profile: words, userFields } = look.texts
  const problems = { ...words.problems, ...userFieldProblems(look, look.userFields) }
  const problem = problemOf(state, problems, look)
  const isSent = state.refusal !== null
  const name = {
    name: 'name',
    label: fill(userFields.optional, { label: words.name }),
    value: isSent ? (state.values.name ?? '') : (user.name ?? ''),
    autocomplete: 'name',
  }
  const locale = {
    name: 'locale',
    label: words.locale,
    hint: words.localeHint,
    value: isSent ? (state.values.locale ?? '') : (user.locale ?? ''),
  }
  const isAsked = returnTo !== null && missingUserField(look.userFields, user.metadata) !== undefined
  const body = html`<h1>${words.heading}</h1>
${isAsked && html`<p>${words.asked}</p>\n`}${notice(words.done, done)}${summary(look, problem)}${form(
  look,
  { action: ACCOUNT_PAGES.profile, submit: words.submit, returnTo },
  html`${inputField(name, problem)}${selectField(locale, languagesOf(look, user), problem)}${userFieldInputs(look, look.userFields, { form: state, stored: user.metadata }, problem)}`,
)}`
  return layOut(look, { title: words.heading, body, hasProblem: problem !== null, entry: 'profile' })
}

/** The languages to choose from. Includes the stored one, even if it is not one of ours, such as `fr-CA`. */
function languagesOf({ site, texts }: Look, user: Account) {
  const ours = site.languages.map((tag) => ({ value: tag, label: LANGUAGE_NAMES[tag] }))
  if (user.locale === null) return [{ value: '', label: texts.profile.noLocale }, ...ours]
  const isOurs = ours.some(({ value }) => value === user.locale)
  return isOurs ? ours : [...ours, { value: user.locale, label: user.locale }]
}
