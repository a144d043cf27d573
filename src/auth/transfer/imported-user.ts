/** One user as an import has them: names and values of fields, read strictly. */
import type { MovingUser } from '../../db/index.ts'
import { isEmailAddress, isUnambiguousEmail, storedEmail } from '../../model/user.ts'
import { adoptHash } from '../passwords/hashing/adopt.ts'
import type { FirebaseProject } from '../passwords/hashing/firebase.ts'
import { readTimestamp } from './timestamp.ts'

/** The fields of a user in an import, and, but for the last four, in an export. */
export const USER_FIELDS = [
  'id',
  'email',
  'hashed_password',
  'created_at',
  'email_verified_at',
  'disabled_at',
  'unconfirmed_until',
  'password_compromised_at',
  'password_version',
  'locale',
  'email_verified',
  'disabled',
  'salt',
  'totp_secret',
] as const
type UserField = (typeof USER_FIELDS)[number]

/** Names and values, as a line of JSON or CSV has them. */
export type Fields = Readonly<Record<string, unknown>>

interface ReadingDetails {
  /** What stands for a moment that is not given. */
  readonly now: Date
  readonly firebase: FirebaseProject | null
  /** The highest cost of a hash. */
  readonly maxCost: number
}

/** A user that may be added, and what of them was given rather than assumed. */
export interface ImportedUser {
  readonly user: MovingUser
  /** Whether somebody who is there already is this one: all that was given is the same. */
  readonly isSame: (existing: MovingUser) => boolean
}

/**
 * Reads a user. A field that is `null` or empty text counts as not given; text is taken where it spells a number or a
 * truth value, as in CSV.
 *
 * @returns The user, or what is wrong: the field and a sentence, without its value.
 */
export function readImportedUser(
  fields: Fields,
  details: ReadingDetails,
): ImportedUser | { readonly problem: string } {
  try {
    return read(fields, details)
  } catch (error) {
    if (error instanceof FieldProblem) return { problem: error.message }
    throw error
  }
}

class FieldProblem extends Error {
  constructor(field: string, problem: string) {
    super(`${field.slice(0, NAME_MAX_LENGTH)}: ${problem}`)
  }
}

/** A longer name is none of ours, and is not repeated whole. */
const NAME_MAX_LENGTH = 64

function read(fields: Fields, { now, firebase, maxCost }: ReadingDetails): ImportedUser {
  const given = new Map<UserField, unknown>()
  for (const [name, value] of Object.entries(fields)) {
    if (!isUserField(name)) throw new FieldProblem(name, 'is no field of a user here')
    if (value !== null && value !== undefined && value !== '') given.set(name, value)
  }
  const get = <Value>(field: UserField, parse: (value: unknown, field: UserField) => Value): Value | null =>
    given.has(field) ? parse(given.get(field), field) : null

  if (given.has('totp_secret'))
    throw new FieldProblem(
      'totp_secret',
      'there are no second factors here yet, and the account would lose its own; leave the field out to accept that',
    )
  const user: MovingUser = {
    id: get('id', number),
    email: emailOf(get('email', text)),
    hashedPassword: hashOf(get('hashed_password', text), { salt: get('salt', text), firebase, maxCost }),
    createdAt: get('created_at', moment) ?? now,
    passwordVersion: get('password_version', number) ?? 1,
    disabledAt: since('disabled'),
    emailVerifiedAt: since('email_verified'),
    unconfirmedUntil: get('unconfirmed_until', moment),
    passwordCompromisedAt: get('password_compromised_at', moment),
    locale: get('locale', language),
  }

  /** Since when, of what may be given as a moment, as yes or no, or as both. */
  function since(field: 'disabled' | 'email_verified'): Date | null {
    const [is, at] = [get(field, truth), get(`${field}_at`, moment)]
    if (is === false && at !== null) throw new FieldProblem(field, `is no, and there is ${field}_at`)
    return at ?? (is === true ? now : null)
  }

  function isSame(existing: MovingUser): boolean {
    return (
      existing.email === user.email &&
      existing.hashedPassword === user.hashedPassword &&
      [...given.keys()].every((field) => COMPARE[field](existing, user))
    )
  }
  return { user, isSame }
}

const sameMoment =
  (member: 'createdAt' | 'disabledAt' | 'emailVerifiedAt' | 'unconfirmedUntil' | 'passwordCompromisedAt') =>
  (a: MovingUser, b: MovingUser) =>
    a[member]?.getTime() === b[member]?.getTime()
const looked = () => true

const COMPARE: Readonly<Record<UserField, (a: MovingUser, b: MovingUser) => boolean>> = {
  id: (a, b) => a.id === b.id,
  created_at: sameMoment('createdAt'),
  email_verified_at: sameMoment('emailVerifiedAt'),
  disabled_at: sameMoment('disabledAt'),
  unconfirmed_until: sameMoment('unconfirmedUntil'),
  password_compromised_at: sameMoment('passwordCompromisedAt'),
  password_version: (a, b) => a.passwordVersion === b.passwordVersion,
  locale: (a, b) => a.locale === b.locale,
  // Since when was not given: each import assumes its own moment.
  email_verified: (a, b) => (a.emailVerifiedAt === null) === (b.emailVerifiedAt === null),
  disabled: (a, b) => (a.disabledAt === null) === (b.disabledAt === null),
  // These are compared before, or are a part of what is.
  email: looked,
  hashed_password: looked,
  salt: looked,
  totp_secret: looked,
}

function isUserField(name: string): name is UserField {
  return (USER_FIELDS as readonly string[]).includes(name)
}

function emailOf(value: string | null): string {
  if (value === null) throw new FieldProblem('email', 'is missing')
  if (!isEmailAddress(value)) throw new FieldProblem('email', 'is no email address')
  if (!isUnambiguousEmail(value))
    throw new FieldProblem(
      'email',
      'has invisible characters, or letters such as full-width ones that stand for others',
    )
  return storedEmail(value)
}

function hashOf(value: string | null, beside: Parameters<typeof adoptHash>[1]): string {
  if (value === null)
    throw new FieldProblem('hashed_password', 'is missing; ! stands for an account without a password')
  const adopted = adoptHash(value, beside)
  if ('problem' in adopted) throw new FieldProblem('hashed_password', `the hash ${adopted.problem}`)
  return adopted.hash
}

function text(value: unknown, field: string): string {
  if (typeof value === 'string' && value.isWellFormed() && !value.includes('\0')) return value
  throw new FieldProblem(field, 'is no text')
}

function number(value: unknown, field: string): number {
  const count = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  // As far as the columns reach on either engine.
  if (typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= 0x7fffffff) return count
  throw new FieldProblem(field, 'is no whole number from 1 to 2147483647')
}

/** The words that PostgreSQL reads as a boolean, in any case. */
const TRUE = /^(?:true|t|yes|y|on|1)$/i
const FALSE = /^(?:false|f|no|n|off|0)$/i

function truth(value: unknown, field: string): boolean {
  if (typeof value === 'boolean') return value
  const word = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  if (TRUE.test(word)) return true
  if (FALSE.test(word)) return false
  throw new FieldProblem(field, 'is neither true nor false: write true or false')
}

function language(value: unknown, field: string): string {
  const tag = text(value, field)
  if (/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}$/.test(tag)) return tag
  throw new FieldProblem(field, 'is no language tag, as in en or fr-CA')
}

function moment(value: unknown, field: string): Date {
  const read = readTimestamp(value)
  if ('problem' in read) throw new FieldProblem(field, read.problem)
  return read
}
