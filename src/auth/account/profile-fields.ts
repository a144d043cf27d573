/** The fields of a profile, and who may write which. */
import type { ProfileChanges } from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import type { AnyMetadata, MetadataTypes } from '../../model/standard-schema.ts'
import { USER_FIELD_PREFIX } from '../../model/user-fields.ts'
import type { Context } from '../context.ts'
import {
  allowsHttpPictures,
  type Checked,
  checkLocale,
  checkMetadata,
  checkName,
  checkPicture,
} from './profile-values.ts'
import type { GivenUserFields } from './user-fields.ts'

/** The part of a profile that users and programs write in the same way. */
interface BasicProfile {
  /** One line of visible text, at most 200 code points. */
  name?: string | null | undefined
  /** An absolute https URL, at most 2,048 characters. Outside of production mode, http is accepted too. */
  picture?: string | null | undefined
  /** A language tag, such as `en` or `fr-CA`. The account's mail is in this language if the service has texts in it. */
  locale?: string | null | undefined
}

/** Changes of one's own profile. A field that is left out stays as it is; `null` clears it. */
export interface ProfileUpdate extends BasicProfile {
  /**
   * Values for some of `userFields`, by name. The rest of the metadata stays as it is. `null` clears a field, unless it is
   * required.
   */
  metadata?: GivenUserFields | undefined
}

/** Changes of a user by a program or an operator. A field that is left out stays as it is; `null` clears it. */
export interface UserUpdate<
  Public extends MetadataTypes = AnyMetadata,
  Private extends MetadataTypes = AnyMetadata,
> extends BasicProfile {
  /**
   * Replaces the metadata, which the user can read: a JSON object of at most 8 KiB and 8 levels, accepted by
   * `metadataSchema.public`.
   */
  metadata?: Public['input'] | null | undefined
  /** The same with `metadataSchema.private`. The user cannot read it. */
  privateMetadata?: Private['input'] | null | undefined
}

interface Field {
  /** Its name in messages. */
  readonly label: string
  /** The stored property. */
  readonly property: keyof ProfileChanges
  readonly check: (given: unknown, ctx: Context) => Checked<string | null> | Promise<Checked<string | null>>
}

const FIELDS = {
  name: { label: 'name', property: 'name', check: checkName },
  picture: {
    label: 'picture',
    property: 'picture',
    check: (given, { options }) => checkPicture(given, { allowsHttp: allowsHttpPictures(options) }),
  },
  locale: { label: 'locale', property: 'locale', check: checkLocale },
  metadata: {
    label: 'metadata',
    property: 'metadataJson',
    check: (given, { metadataSchema }) => checkMetadata(given, metadataSchema.public),
  },
  privateMetadata: {
    label: 'private metadata',
    property: 'privateMetadataJson',
    check: (given, { metadataSchema }) => checkMetadata(given, metadataSchema.private),
  },
} as const satisfies Record<keyof UserUpdate, Field>

type FieldName = keyof typeof FIELDS

/** The fields that users may change themselves. */
export const OWN_PROFILE: readonly FieldName[] = ['name', 'picture', 'locale']
/** The fields that programs and operators may change. */
export const USER_PROFILE = Object.keys(FIELDS) as readonly FieldName[]

/**
 * Checks the named fields of a request, and returns them in the form in which they are stored.
 *
 * @throws {AuthError} `missing_field`: a field is empty text; `invalid_field`. Both have `field`, and a message for
 *   library callers that says what is wrong.
 */
export async function readProfile(
  ctx: Context,
  request: UserUpdate,
  names: readonly FieldName[],
): Promise<ProfileChanges> {
  const changes: Partial<Record<keyof ProfileChanges, string | null>> = {}
  for (const name of names) {
    const { label, property, check }: Field = FIELDS[name]
    const given = request[name]
    if (given === undefined) continue
    if (given === '') throw new AuthError('missing_field', { field: name })
    const checked = given === null ? { value: null } : await check(given, ctx)
    if ('problem' in checked)
      throw new AuthError('invalid_field', { field: name, message: `The ${label} ${checked.problem}.` })
    changes[property] = checked.value
  }
  return changes
}

/**
 * Like {@link readProfile}, but refuses every other field, because a program may pass on what a client sent.
 *
 * @param userFields - The names of the user fields that change too.
 * @returns The changes, and the names of the changed fields.
 * @throws {AuthError} `unknown_field` with `field`; `missing_field`: no field is given, or a field is empty text;
 *   `invalid_field` with `field`.
 */
export async function readChanges(
  ctx: Context,
  request: UserUpdate,
  names: readonly FieldName[],
  userFields: readonly string[] = [],
): Promise<{ changes: ProfileChanges; fields: string }> {
  const unknown = Object.keys(request).find((name) => !(names as readonly string[]).includes(name))
  if (unknown !== undefined) throw new AuthError('unknown_field', { field: unknown })
  const given = [
    ...names.filter((name) => request[name] !== undefined),
    ...userFields.map((name) => USER_FIELD_PREFIX + name),
  ]
  if (given.length === 0) throw new AuthError('missing_field')
  return { changes: await readProfile(ctx, request, names), fields: given.join(', ') }
}
