/** Members of the public metadata that users write themselves. */

/** A text that people see: the same in every language, or one for each, such as `{ en: 'Company', fr: 'Entreprise' }`. */
export type UserFieldText = string | Readonly<Record<string, string>>

/** The value of a user field. */
export type UserFieldValue = string | number | boolean

/** A member of the public metadata that users write. */
export interface UserField {
  /** What the pages call the field. In a language without a text, they show the first one. */
  readonly label: UserFieldText
  /** A sentence that helps to fill it in. */
  readonly hint?: UserFieldText | undefined
  /** `text` is one line of visible text. Default: `text`. */
  readonly type?: 'text' | 'number' | 'boolean' | undefined
  /** The values that people choose from, each with its label. Only for text. */
  readonly choices?: Readonly<Record<string, UserFieldText>> | undefined
  /** Whether the field must be filled in, at sign-up too. A required boolean must be true. Default: `false`. */
  readonly required?: boolean | undefined
  /** Whether the sign-up page shows the field. It always shows required ones. Default: `false`. */
  readonly signUp?: boolean | undefined
  /** The maximum length of text, in Unicode code points. Default: 200. */
  readonly maxLength?: number | undefined
}

/** The members of the public metadata that users write, by name. */
export type UserFields = Readonly<Record<string, UserField>>

/** A field with its defaults. */
export interface OpenedUserField {
  readonly name: string
  readonly label: UserFieldText
  readonly hint: UserFieldText | null
  readonly type: 'text' | 'number' | 'boolean' | 'choice'
  /** Empty unless the type is `choice`. */
  readonly choices: readonly { readonly value: string; readonly label: UserFieldText }[]
  readonly required: boolean
  readonly signUp: boolean
  readonly maxLength: number
}

/** How an error and a form name a member of the metadata. */
export const USER_FIELD_PREFIX = 'metadata.'

/** The name of a field on the wire: in snake case, except for user fields, whose names the application chooses. */
export function wireName(field: string): string {
  if (field.startsWith(USER_FIELD_PREFIX)) return field
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** The first required field that the metadata of an account lacks. */
export function missingUserField(
  fields: readonly OpenedUserField[],
  metadata: Readonly<Record<string, unknown>>,
): OpenedUserField | undefined {
  return fields.find(({ name, type, required }) => {
    const value = metadata[name] ?? null
    return required && (value === null || (type === 'boolean' && value !== true))
  })
}

/** The text for a language, or the first one. */
export function textIn(locale: string, text: UserFieldText): string {
  return typeof text === 'string' ? text : (text[locale] ?? Object.values(text)[0] ?? '')
}
