/**
 * The user model, and the one rule for what an email address is and when two spellings are the same.
 *
 * @module
 */
import { domainToASCII } from 'node:url'

/** An account, as the classic exercise knows it, and what a service on the internet adds. */
export interface User {
  /** Counts up; never given out twice. */
  readonly id: number
  /** The address as entered at registration, in Unicode NFC. */
  readonly email: string
  /** A bcrypt or argon2id hash with its parameters, of an imported account until its first right login that of
   *  the software it came from, or `!`, which verifies nothing, for an account without a password. */
  readonly hashedPassword: string
  /** The UUID of the newest session, or `null`. It opens nothing. */
  readonly sessionId: string | null
  /** The UUID of the outstanding reset token, or `null`. It opens nothing. */
  readonly resetToken: string | null
  /** When the account was registered. */
  readonly createdAt: Date
  /** How often a password was set: 1 at registration. A rehash of the same password does not count. */
  readonly passwordVersion: number
  /** Since when the account is shut, or `null`. */
  readonly disabledAt: Date | null
  /** When somebody proved to read the mail of the address, or `null`. */
  readonly emailVerifiedAt: Date | null
  /** Since when the password opens nothing until it is reset, because others may know it, or `null`. */
  readonly passwordCompromisedAt: Date | null
  /** The language of the account's mail, or `null` where none was heard of. */
  readonly locale: string | null
}

/** A user as the library returns them: without the password hash and the ids of secrets. */
export type Account = Pick<
  User,
  'id' | 'email' | 'createdAt' | 'disabledAt' | 'emailVerifiedAt' | 'passwordCompromisedAt' | 'locale'
>

/** The part of a user that is an account. */
export function accountOf(user: User): Account {
  const { id, email, createdAt, disabledAt, emailVerifiedAt, passwordCompromisedAt, locale } = user
  return { id, email, createdAt, disabledAt, emailVerifiedAt, passwordCompromisedAt, locale }
}

/**
 * An address as it may stand where others read it, in a log or in a mail to somebody else: the first
 * character of the mailbox and the domain. What is no address at all gives `*`.
 */
export function maskEmail(text: string): string {
  if (!isEmailAddress(text)) return '*'
  const address = normalizeEmail(text)
  const [first = ''] = address
  return `${first}***${address.slice(address.lastIndexOf('@'))}`
}

/** RFC 5321 §4.5.3.1.3: a path of 256 octets, less its angle brackets. */
export const EMAIL_MAX_LENGTH = 254
/** RFC 5321 §4.5.3.1.1, in octets. */
const LOCAL_PART_MAX_OCTETS = 64

// The atoms of the HTML standard's `input type=email`, plus letters beyond ASCII (RFC 6531).
// No quoted local parts, no comments: nobody has them, and every parser reads them differently.
const LOCAL_PART = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\u{a1}-\u{10ffff}-]+$/u
// What may go into IDNA mapping: Node's `domainToASCII` also decodes percent signs and cuts at slashes.
const DOMAIN_INPUT = /^[A-Za-z0-9.\u{a1}-\u{10ffff}-]+$/u
const DOMAIN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/
// A last label that is a number makes an IPv4 address of the whole (WHATWG URL §3.5).
const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/
// Letters beyond ASCII are allowed. Spaces, controls, private-use and unassigned code points are not.
const INVISIBLE = /[\p{C}\p{Z}]/u
// Visible to software only: joiners, variation selectors and fillers, and the two blanks that Unicode lists elsewhere.
const FILLER = /[\p{Default_Ignorable_Code_Point}\u{2800}\u{1d159}]/u

/**
 * Whether the text is an email address: `local@domain`, 254 characters at most, no spaces inside, no
 * control characters, a domain of host-name labels (one is enough, so that `root@localhost` works).
 * Spaces around it are not part of it.
 */
export function isEmailAddress(text: string): boolean {
  // The normalised form is what is unique and what mail will go by: it has to be an address as well, since
  // folding can lengthen a part or bring forth a character that is not allowed.
  return hasAddressForm(trimSpaces(text)) && hasAddressForm(normalizeEmail(text))
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
 * Whether every program reads the same letters in an address. A new account must have such an address: otherwise
 * someone could register a spelling that counts as another person's address but is delivered elsewhere.
 *
 * @returns `false` if Unicode compatibility mapping (NFKC) would change it, as with full-width letters and ligatures,
 *   or if it has invisible or filler characters. Unicode TR #36 §2.
 */
export function isUnambiguousEmail(text: string): boolean {
  const stored = storedEmail(text)
  return stored === stored.normalize('NFKC') && !FILLER.test(stored)
}

/** The address without the spaces around it. */
export function trimEmail(text: string): string {
  return trimSpaces(text)
}

/** The address as it is stored and shown: without the spaces around it, in Unicode NFC. Letter case is kept. */
export function storedEmail(text: string): string {
  return trimSpaces(text).normalize('NFC')
}

/**
 * The mailbox that mail for an address is delivered to. It has the same local part as {@link normalizeEmail}, but for
 * letter case, and the same domain, so the owner of the identity is the one who gets the mail.
 */
export function mailboxOf(email: string): string {
  const stored = storedEmail(email)
  const at = stored.lastIndexOf('@') + 1
  return stored.slice(0, at) + (asciiDomain(stored.slice(at)) ?? stored.slice(at))
}

/**
 * The one form under which an address is unique and looked up: no spaces around it, Unicode NFC, lower
 * case, the domain in punycode. Tags (`+x`) and dots stay: they tell apart mailboxes at most providers.
 * The local part is lower-cased although RFC 5321 §2.4 lets a host tell cases apart, because no host in
 * use does, and two accounts on one mailbox are a way in.
 *
 * Total and idempotent: text that is no address gets a form too, so that a look-up never fails.
 */
export function normalizeEmail(text: string): string {
  const address = trimSpaces(text).normalize('NFC')
  const at = address.lastIndexOf('@')
  const domain = address.slice(at + 1)
  // The domain goes to IDNA as it is, whose mapping of case is another than `toLowerCase` has (final sigma).
  return fold(address.slice(0, at + 1)) + (asciiDomain(domain) ?? fold(domain))
}

function fold(text: string): string {
  return text.toLowerCase().normalize('NFC')
}

/** A domain in lower-case punycode (IDNA, UTS #46), or `null` for what is no domain. */
function asciiDomain(domain: string): string | null {
  if (!DOMAIN_INPUT.test(domain)) return null
  const ascii = domainToASCII(domain)
  return DOMAIN.test(ascii) && !ENDS_IN_NUMBER.test(ascii) ? ascii : null
}

// Only U+0020: a line break or a tab around an address is an attack or a bug, and has to be refused.
function trimSpaces(text: string): string {
  let start = 0
  let end = text.length
  while (text[start] === ' ') start++
  while (end > start && text[end - 1] === ' ') end--
  return text.slice(start, end)
}
