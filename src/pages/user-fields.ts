/** The fields that the application adds to the sign-up page and to the profile. */
import { html } from 'hono/html'
import { type OpenedUserField, textIn, USER_FIELD_PREFIX } from '../model/user-fields.ts'
import { boxField, inputField, selectField } from './form.ts'
import type { Markup } from './layout.ts'
import type { Look } from './look.ts'
import type { FormProblems, FormState, Problem } from './problems.ts'
import { fill } from './words.ts'

/**
 * The inputs for user fields.
 *
 * @param stored - The metadata to show before the form is sent.
 */
export function userFieldInputs(
  look: Look,
  fields: readonly OpenedUserField[],
  { form, stored = {} }: { readonly form: FormState; readonly stored?: Readonly<Record<string, unknown>> },
  problem: Problem | null,
): Markup {
  return html`${fields.map((field) => {
    const name = USER_FIELD_PREFIX + field.name
    const value = form.refusal === null ? String(stored[field.name] ?? '') : (form.values[name] ?? '')
    return inputOf(look, field, { name, value }, problem)
  })}`
}

function inputOf(
  look: Look,
  { type, label, hint, choices, required: isRequired }: OpenedUserField,
  { name, value }: { readonly name: string; readonly value: string },
  problem: Problem | null,
): Markup {
  const { locale, texts } = look
  const text = textIn(locale, label)
  const field = {
    name,
    value,
    isRequired,
    label: isRequired || type === 'boolean' ? text : fill(texts.userFields.optional, { label: text }),
    ...(hint !== null && { hint: textIn(locale, hint) }),
  }
  switch (type) {
    case 'boolean':
      return boxField(field, value === 'true' || value === 'on', problem)
    case 'choice': {
      const options = choices.map((choice) => ({ value: choice.value, label: textIn(locale, choice.label) }))
      return selectField(field, [{ value: '', label: texts.userFields.choose }, ...options], problem)
    }
    case 'number':
      return inputField({ ...field, inputmode: 'decimal' }, problem)
    case 'text':
      return inputField(field, problem)
  }
}

/** The problems of user fields, by their name in the form. */
export function userFieldProblems({ locale, texts }: Look, fields: readonly OpenedUserField[]): FormProblems {
  const { problems } = texts.userFields
  const sentences = fields.map(({ name, type, label, maxLength: max }) => {
    const missing = {
      text: problems.missing,
      number: problems.missing,
      choice: problems.missingChoice,
      boolean: problems.missingTick,
    }
    const invalid = {
      text: problems.invalidText,
      number: problems.invalidNumber,
      choice: problems.missingChoice,
      boolean: problems.invalid,
    }
    const about = { label: textIn(locale, label), max }
    return [
      USER_FIELD_PREFIX + name,
      { missing_field: fill(missing[type], about), invalid_field: fill(invalid[type], about) },
    ] as const
  })
  return {
    ...Object.fromEntries(sentences),
    ...(fields.length > 0 && { metadata: { invalid_field: problems.refused } }),
  }
}
