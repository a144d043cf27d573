/** What the forms of the profile and of the sign-up page send about user fields. */
import type { ProfileUpdate } from '../../auth/index.ts'
import type { Account } from '../../model/user.ts'
import type { OpenedUserField } from '../../model/user-fields.ts'

type Given = ProfileUpdate['metadata']

/** The user fields of a form. A browser sends `on` for a box that is ticked, and nothing for one that is not. */
export function withBoxes(given: Given, shown: readonly OpenedUserField[]): Given {
  if (shown.length === 0) return given
  const boxes = shown.filter(({ type }) => type === 'boolean')
  return { ...given, ...Object.fromEntries(boxes.map(({ name }) => [name, given?.[name] === 'on'])) }
}

/** What a form changes in the profile of a user, so that the audit log names nothing else. */
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
