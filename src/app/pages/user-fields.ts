/** The user fields in the forms of the profile and of the sign-up page. */
import type { ProfileUpdate } from '../../auth/index.ts'
import type { Account } from '../../model/user.ts'
import type { OpenedUserField } from '../../model/user-fields.ts'

type Given = ProfileUpdate['metadata']

/** Converts the boxes of a form to booleans. A browser sends `on` for a ticked box and nothing for an unticked one. */
export function withBoxes(given: Given, shown: readonly OpenedUserField[]): Given {
  if (shown.length === 0) return given
  const boxes = shown.filter(({ type }) => type === 'boolean')
  return { ...given, ...Object.fromEntries(boxes.map(({ name }) => [name, given?.[name] === 'on'])) }
}

/** The members of the profile that a form changes, so that the audit log names only these. */
export function profileChanges(
  user: Account,
  {
    name = user.name ?? '',
    locale = user.locale ?? '',
    metadata = {},
  }: { readonly name: string | undefined; readonly locale: string | undefined; readonly metadata: Given },
  fields: readonly OpenedUserField[],
): ProfileUpdate {
  const changed = Object.entries(metadata).filter(([member, value]) => {
    const field = fields.find((each) => each.name === member)
    // A required field that is empty must be refused, even if it was empty before.
    const isMissing = field?.required === true && (value === '' || value === false)
    const stored = user.metadata[member] ?? (field?.type === 'boolean' ? false : '')
    return isMissing || String(value) !== String(stored)
  })
  return {
    ...(name !== (user.name ?? '') && { name: name || null }),
    ...(locale !== (user.locale ?? '') && { locale: locale || null }),
    ...(changed.length > 0 && { metadata: Object.fromEntries(changed) }),
  }
}
