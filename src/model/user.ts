/**
 * The user model, and the rules for email addresses: which are valid, and when two spellings are the same address.
 *
 * @module
 */
import { domainToASCII } from 'node:url'
import type { JsonObject } from './json.ts'

/** An account: the five columns of the classic exercise, and those that a service on the internet also needs. */
export interface User {
  /** Increases with each account and is never reused. */
  readonly id: number
  /** The address as entered at registration, in Unicode NFC. */
  readonly email: string
  /**
   * A bcrypt or argon2id hash with its parameters. An imported account keeps its original hash until the first
   * successful sign-in. `!`, which no password matches, if the account has no password.
   */
  readonly hashedPassword: string
  /** The UUID of the newest session, or `null`. It is not a secret and grants no access. */
  readonly sessionId: string | null
  /** The UUID of the outstanding reset token, or `null`. It is not a secret and grants no access. */
  readonly resetToken: string | null
  /** When the account was created. */
  readonly createdAt: Date
  /** How many times a password was set, 1 at registration. Rehashing the same password does not count. */
  readonly passwordVersion: number
  /** When the account was disabled, or `null` if it is not. */
  readonly disabledAt: Date | null
  /** When the address was confirmed, or `null` if it is not. */
  readonly emailVerifiedAt: Date | null
  /** When the password was marked as compromised, or `null`. Sign-in then requires a reset. */
  readonly passwordCompromisedAt: Date | null
  /** The language of the account's mail, or `null` if unknown. */
  readonly locale: string | null
  /** The name that the user wants to be called by, or `null`. */
  readonly name: string | null
  /** The https URL of a picture, or `null`. */
  readonly picture: string | null
  /** The public metadata as JSON, or `null` if there is none. {@link Account} has it as an object. */
  readonly metadataJson: string | null
  /** When the second factor was enabled, or `null`. One factor alone then starts no session. */
  readonly secondFactorEnabledAt: Date | null
  /** When an operator required a second factor of this user, or `null`. */
  readonly secondFactorRequiredAt: Date | null
}

/** The `hashedPassword` of an account without a password. No password matches it. */
export const NO_PASSWORD = '!'

/** A user as the library returns them: without the password hash, the ids of secrets and the private metadata. */
export interface Account<Metadata = JsonObject>
  extends Pick<
    User,
    | 'id'
    | 'email'
    | 'createdAt'
    | 'disabledAt'
    | 'emailVerifiedAt'
    | 'passwordCompromisedAt'
    | 'locale'
    | 'name'
    | 'picture'
  > {
  /** What the application stores about the user, for the user to read too. Empty if there is nothing. */
  readonly metadata: Metadata
}

/** The part of a user that is an account. */
export function accountOf(user: User): Account {
  // Runs in every session check, so metadata is parsed only if there is some.
  const { id, email, createdAt, disabledAt, emailVerifiedAt, passwordCompromisedAt } = user
  const { locale, name, picture, metadataJson } = user
  const metadata = metadataJson === null ? {} : (JSON.parse(metadataJson) as JsonObject)
  return {
    id,
    email,
    createdAt,
    disabledAt,
    emailVerifiedAt,
    passwordCompromisedAt,
    locale,
    name,
    picture,
    metadata,
  }
}

/**
 * Masks an address for logs and for mail to other people: `alice@example.com` becomes `a***@example.com`. Text that is
 * not an address becomes `*`, because it could be anything, such as a password.
 */
export function maskEmail(text: string): string {
  if (!isEmailAddress(text)) return '*'
  const address = normalizeEmail(text)
  const [first = ''] = address
  return `${first}***${address.slice(address.lastIndexOf('@'))}`
}

/** Whether the number is an integer of 32 bits. PostgreSQL refuses to look for another id. */
export function isUserId(id: number): boolean {
  return Number.isInteger(id) && Math.abs(id) <= 0x7fffffff
}

/**
 * Whether the text may be an address that is stored, or part of one. No address is longer, in any spelling, and normalizing
 * long text takes quadratic time. PostgreSQL refuses zero bytes. Older versions stored addresses that
 * {@link isEmailAddress} refuses.
 */
export function mayBeStored(text: string): boolean {
  return typeof text === 'string' && text.length <= 4 * EMAIL_MAX_LENGTH && !text.includes('\0')
}

/** RFC 5321 §4.5.3.1.3: a path has at most 256 octets, including its angle brackets. */
export const EMAIL_MAX_LENGTH = 254
/** RFC 5321 §4.5.3.1.1, in octets. */
export const LOCAL_PART_MAX_OCTETS = 64

// The characters that `input type=email` allows in HTML, plus non-ASCII letters (RFC 6531). Quoted local parts and
// comments are refused: they are hardly used, and parsers disagree about them.
const LOCAL_PART = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\u{a1}-\u{10ffff}-]+$/u
// Checked before IDNA mapping, because Node's `domainToASCII` also decodes percent signs and cuts at slashes.
const DOMAIN_INPUT = /^[A-Za-z0-9.\u{a1}-\u{10ffff}-]+$/u
const DOMAIN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/
// A domain whose last label is a number is an IPv4 address (WHATWG URL §3.5).
const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/
// Spaces, controls, private-use and unassigned code points.
const INVISIBLE = /[\p{C}\p{Z}]/u
// Joiners, variation selectors and fillers, and two blank symbols that Unicode classifies as visible.
const FILLER = /[\p{Default_Ignorable_Code_Point}\u{2800}\u{1d159}]/u

/**
 * Whether the text is an email address: `local@domain` with at most 254 characters, no spaces or control characters,
 * and a domain of one or more host name labels, so that `root@localhost` is valid. Surrounding spaces are ignored.
 */
export function isEmailAddress(text: string): boolean {
  // Normalizing can lengthen a part or produce a character that is not allowed, so check the result too.
  return hasAddressForm(trimEmail(text)) && hasAddressForm(normalizeEmail(text))
}

function hasAddressForm(address: string): boolean {
  const at = address.lastIndexOf('@')
  if (at < 1 || address.length > EMAIL_MAX_LENGTH || INVISIBLE.test(address)) return false
  const localPart = address.slice(0, at)
  return (
    Buffer.byteLength(localPart) <= LOCAL_PART_MAX_OCTETS &&
    LOCAL_PART.test(localPart) &&
    asciiDomain(address.slice(at + 1)) !== null
  )
}

/**
 * Whether all software reads the same letters in an address. New accounts need such an address: otherwise someone could
 * register a spelling that counts as another person's address but is delivered elsewhere (Unicode TR #36 §2).
 *
 * @returns `false` if Unicode compatibility mapping (NFKC) changes the address, as with full-width letters and
 *   ligatures, or if it contains invisible or filler characters.
 */
export function isUnambiguousEmail(text: string): boolean {
  const stored = storedEmail(text)
  return stored === stored.normalize('NFKC') && !FILLER.test(stored)
}

/** The address as stored and shown: in Unicode NFC, with its letter case, without surrounding spaces. */
export function storedEmail(text: string): string {
  return trimEmail(text).normalize('NFC')
}

/**
 * The mailbox to which mail for an address is delivered. It differs from {@link normalizeEmail} only in the letter case
 * of the local part, so mail reaches the owner of the account.
 */
export function mailboxOf(email: string): string {
  const stored = storedEmail(email)
  const at = stored.lastIndexOf('@') + 1
  return stored.slice(0, at) + (asciiDomain(stored.slice(at)) ?? stored.slice(at))
}

/**
 * The canonical form of an address, by which it is unique and looked up: Unicode NFC, lower case, the domain in
 * punycode, without surrounding spaces. Tags (`+x`) and dots are kept, because they distinguish mailboxes at most
 * providers. The local part is lower-cased even though RFC 5321 §2.4 lets a host distinguish case: no host in use does,
 * and two accounts with one mailbox would be a security hole.
 *
 * Idempotent. Never throws: text that is not an address has a canonical form too.
 */
export function normalizeEmail(text: string): string {
  const address = trimEmail(text).normalize('NFC')
  const at = address.lastIndexOf('@')
  const domain = address.slice(at + 1)
  // Not lower-cased first: IDNA maps case differently from `toLowerCase` (final sigma).
  return fold(address.slice(0, at + 1)) + (asciiDomain(domain) ?? fold(domain))
}

function fold(text: string): string {
  return text.toLowerCase().normalize('NFC')
}

/** The domain in lower-case punycode (IDNA, UTS #46), or `null` if it is not valid. */
function asciiDomain(domain: string): string | null {
  if (!DOMAIN_INPUT.test(domain)) return null
  const ascii = domainToASCII(domain)
  return DOMAIN.test(ascii) && !ENDS_IN_NUMBER.test(ascii) ? ascii : null
}

/** The address without surrounding spaces. Keeps line breaks and tabs, which are an attack or a bug and must be refused. */
export function trimEmail(text: string): string {
  let start = 0
  let end = text.length
  while (text[start] === ' ') start++
  while (end > start && text[end - 1] === ' ') end--
  return text.slice(start, end)
}
