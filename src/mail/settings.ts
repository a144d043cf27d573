import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { OptionError } from '../errors.ts'
import { findInvisible } from '../lib/invisible.ts'
import { isEmailAddress, trimEmail } from '../user.ts'

/** In the place of an SMTP URL: mail is written to the terminal. */
export const TERMINAL_MAIL = 'terminal:'

/** A mail server, and who we are to it. */
export interface SmtpServer {
  /** TLS from the first byte (`smtps:`), or plain at first (`smtp:`). */
  readonly secure: boolean
  /** A name in lower-case punycode, or an IP address without brackets. */
  readonly host: string
  /** 1 to 65535. Without one in the URL: 465 for `smtps:`, 587 for `smtp:` (RFC 8314 §3.3, RFC 6409 §3.1). */
  readonly port: number
  readonly credentials: { readonly user: string; readonly password: string } | null
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'smtp:': 587, 'smtps:': 465 }
// Underscores are no letters of a host name, but container networks give such names.
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/
const SPACE_OR_CONTROL = /[\s\p{C}]/u

/**
 * Reads the address of a mail server: `smtp://user:password@host:port` or `smtps://…`. Credentials come in a
 * pair or not at all, percent-encoded; there is no path, query or fragment.
 *
 * @throws {OptionError} `smtpUrl`. Never holds the URL or a part of it: a password with a bare `/` or `#` makes
 *   any part of it look like another.
 */
export function parseSmtpUrl(text: string): SmtpServer {
  const url = SPACE_OR_CONTROL.test(text) ? null : URL.parse(text)
  if (url === null)
    throw refusal('expected smtp://USER:PASSWORD@HOST:PORT, with special characters percent-encoded')
  const defaultPort = DEFAULT_PORTS[url.protocol]
  if (defaultPort === undefined) throw refusal('has to begin with smtp:// or smtps://')
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '')
    throw refusal('nothing may follow the port; in a password, write / as %2F, ? as %3F and # as %23')

  const host = hostOf(url)
  if (host === null) throw refusal('names no host')
  const port = url.port === '' ? defaultPort : Number(url.port)
  if (port === 0) throw refusal('the port has to be 1 to 65535')
  return { secure: url.protocol === 'smtps:', host, port, credentials: credentialsOf(url) }
}

/**
 * The address of a mail server as it may be shown: without the password.
 *
 * @throws {OptionError} `smtpUrl`, as {@link parseSmtpUrl}.
 */
export function describeSmtp(text: string): string {
  const { secure, host, port, credentials } = parseSmtpUrl(text)
  const user = credentials === null ? '' : `${encodeURIComponent(credentials.user)}@`
  return `${secure ? 'smtps' : 'smtp'}://${user}${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}

/** Whom mail comes from. */
export interface Sender {
  /** What people see. May be empty. */
  readonly name: string
  readonly address: string
}

/**
 * Reads the sender: `name@example.com`, `Name <name@example.com>` or `"Name" <name@example.com>`. A name may have
 * punctuation without quotes around it, as in `Name, Inc. <name@example.com>`: there is one sender, so that a comma
 * cannot end an address.
 *
 * @throws {OptionError} `mailFrom`: not one address, or a name with a line break or another control character.
 */
export function parseMailFrom(text: string): Sender {
  const [, rawName = '', rawAddress = ''] = /^([^<>]*)<([^<>]*)>$/.exec(trimEmail(text)) ?? ['', '', text]
  const address = trimEmail(rawAddress)
  if (!isEmailAddress(address)) {
    const character = findInvisible(address)
    throw fromRefusal(
      character !== null
        ? `the address contains ${character}, an invisible character; remove it`
        : /^".*"$|^'.*'$/.test(text)
          ? 'the value is in quotes, which this environment keeps; leave them out'
          : 'expected one address, as in no-reply@example.com or Name <address>',
    )
  }
  return { name: nameOf(trimEmail(rawName)), address }
}

// A no-break space can be meant in a name, and is not one of these.
const CONTROL = /[\p{C}\p{Zl}\p{Zp}]/u

function nameOf(text: string): string {
  const quoted = /^"([^"\\]*)"$/.exec(text)?.[1]
  // An `@` is of a second address; a quote or a backslash is of quoting that is not finished.
  if (quoted === undefined && /[@"\\]/.test(text))
    throw fromRefusal('the name has @, " or \\ in it; write it in quotes, or leave them out')
  const name = quoted ?? text
  const [control] = CONTROL.exec(name) ?? []
  if (control !== undefined)
    throw fromRefusal(`the name contains ${findInvisible(control)}, an invisible character; remove it`)
  return name
}

function fromRefusal(problem: string): OptionError {
  return new OptionError('mailFrom', problem)
}

/** The host in one spelling, or `null`: the URL standard takes anything for a scheme that it does not know. */
function hostOf({ hostname }: URL): string | null {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : domainToASCII(hostname)
  return isIP(bare) !== 0 || HOST_NAME.test(bare) ? bare : null
}

function credentialsOf({ username, password }: URL): SmtpServer['credentials'] {
  const [user, secret] = [decoded(username), decoded(password)]
  if (user === '' && secret === '') return null
  if (user === '' || secret === '')
    throw refusal('has a user without a password, or a password without a user')
  return { user, password: secret }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // The error is dropped: it may hold what it could not read.
    throw refusal('the user or the password is not percent-encoded: write % as %25')
  }
}

function refusal(problem: string): OptionError {
  return new OptionError('smtpUrl', problem)
}
