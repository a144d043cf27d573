/** Reads the identities of one user of an import, strictly. */
import { isIssuer, isProviderId } from '../../model/providers.ts'
import { boolean, FieldProblem, type Item, listOf, membersOf, text, time } from './field-values.ts'
import type { MovingIdentity } from './moving-factors.ts'

/** More than any person needs. */
const IDENTITIES_MAX = 100
/** OpenID Connect Core 1.0 §2. */
const SUBJECT_MAX_LENGTH = 255
/** RFC 5321 §4.5.3.1.3. */
const EMAIL_MAX_LENGTH = 254

export function identitiesOf(value: unknown, field: string): readonly MovingIdentity[] {
  const identities = listOf(value, field, { max: IDENTITIES_MAX, what: 'identities' }).map(identityOf)
  if (new Set(identities.map(identityKey)).size < identities.length)
    throw new FieldProblem(field, 'has an issuer and subject twice')
  return identities
}

/** The unique key of an identity, as text. */
export function identityKey({ issuer, subject }: Pick<MovingIdentity, 'issuer' | 'subject'>): string {
  return JSON.stringify([issuer, subject])
}

const FIELDS = [
  'provider',
  'issuer',
  'subject',
  'email',
  'email_verified',
  'created_at',
  'last_used_at',
] as const

function identityOf({ value, field }: Item): MovingIdentity {
  const read = membersOf(value, field, { names: FIELDS, what: 'an identity' })
  const identity = {
    providerId: read('provider', providerOf),
    issuer: read('issuer', issuerOf),
    subject: read('subject', subjectOf),
    email: read<string | null>('email', addressOf, null),
    emailVerified: read('email_verified', boolean, false),
    createdAt: read('created_at', time),
    lastUsedAt: read<Date | null>('last_used_at', time, null),
  }
  if (identity.emailVerified && identity.email === null)
    throw new FieldProblem(`${field}.email_verified`, 'is true, but there is no email')
  return identity
}

/** The provider may be added after the import. */
function providerOf(value: unknown, field: string): string {
  const id = text(value, field)
  if (!isProviderId(id)) throw new FieldProblem(field, 'is not the id of a provider, such as google')
  return id
}

/** Compared with the ID tokens character by character (OpenID Connect Core 1.0 §3.1.3.7). */
function issuerOf(value: unknown, field: string): string {
  const issuer = text(value, field)
  if (!isIssuer(issuer))
    throw new FieldProblem(field, 'is not the URL of an issuer, such as https://accounts.google.com')
  return issuer
}

function subjectOf(value: unknown, field: string): string {
  return shortText(value, field, SUBJECT_MAX_LENGTH)
}

/** As the provider wrote it. It is shown, and decides nothing. */
function addressOf(value: unknown, field: string): string {
  return shortText(value, field, EMAIL_MAX_LENGTH)
}

function shortText(value: unknown, field: string, maxLength: number): string {
  const short = text(value, field)
  if (short === '' || short.length > maxLength)
    throw new FieldProblem(field, `is not 1 to ${maxLength} characters long`)
  return short
}
