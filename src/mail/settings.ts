import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { findInvisible } from '../lib/invisible.ts'
import { OptionError } from '../model/errors.ts'
import { isEmailAddress, trimEmail } from '../model/user.ts'

/** The value of `SMTP_URL` that prints mail to the terminal. */
export const TERMINAL_MAIL = 'terminal:'

/** A mail server and the credentials for it. */
export interface SmtpServer {
  /** Whether the connection starts with TLS (`smtps:`) or in plain text (`smtp:`). */
  readonly secure: boolean
  /** A host name in lower-case punycode, or an IP address without brackets. */
  readonly host: string
  /** 1 to 65535. The default is 465 for `smtps:` and 587 for `smtp:` (RFC 8314 §3.3, RFC 6409 §3.1). */
  readonly port: number
  readonly credentials: { readonly user: string; readonly password: string } | null
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'smtp:': 587, 'smtps:': 465 }
// RFC 1123 has no underscores in host names, but container networks do.
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/
const SPACE_OR_CONTROL = /[\s\p{C}]/u

/**
 * Parses the URL of a mail server: `smtp://user:password@host:port` or `smtps://…`. User and password are percent-encoded, and
 * both or neither must be given. A path, query or fragment is not allowed.
 *
 * @throws {OptionError} `smtpUrl` is invalid. The error contains no part of the URL, because with an unescaped `/` or `#` in the
 *   password, any part could hold a piece of it.
 */
export function parseSmtpUrl(text: string): SmtpServer {
  const url = SPACE_OR_CONTROL.test(text) ? null : URL.parse(text)
  if (url === null)
    throw refusal('expected smtp://USER:PASSWORD@HOST:PORT, with special characters percent-encoded')
  const defaultPort = DEFAULT_PORTS[url.protocol]
  if (defaultPort === undefined) throw refusal('must begin with smtp:// or smtps://')
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '')
    throw refusal('must end after the port; in a password, write / as %2F, ? as %3F and # as %23')

  const host = hostOf(url)
  if (host === null) throw refusal('has no valid host name; expected smtp://HOST:PORT')
  const port = url.port === '' ? defaultPort : Number(url.port)
  if (port === 0) throw refusal('must have a port from 1 to 65535')
  return { secure: url.protocol === 'smtps:', host, port, credentials: credentialsOf(url) }
}

/**
 * The URL of a mail server without the password, for display.
 *
 * @throws {OptionError} As {@link parseSmtpUrl}.
 */
export function describeSmtp(text: string): string {
  const { secure, host, port, credentials } = parseSmtpUrl(text)
  const user = credentials === null ? '' : `${encodeURIComponent(credentials.user)}@`
  return `${secure ? 'smtps' : 'smtp'}://${user}${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}

/** The sender of all mail. */
export interface Sender {
  /** The display name. May be empty. */
  readonly name: string
  readonly address: string
}

/**
 * Parses the sender: `name@example.com`, `Name <name@example.com>` or `"Name" <name@example.com>`. There is only one
 * sender, so a comma cannot separate addresses, and a name with punctuation needs no quotes, as in
 * `Name, Inc. <name@example.com>`.
 *
 * @throws {OptionError} `mailFrom` is not exactly one address, or the name contains a line break or another control
 *   character.
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
          ? 'the quotes are part of the value; remove them'
          : 'expected one address, such as no-reply@example.com or Example <no-reply@example.com>',
    )
  }
  return { name: nameOf(trimEmail(rawName)), address }
}

// A no-break space is not listed, because a name may contain one.
const CONTROL = /[\p{C}\p{Zl}\p{Zp}]/u

function nameOf(text: string): string {
  const quoted = /^"([^"\\]*)"$/.exec(text)?.[1]
  // An `@` suggests a second address; a quote or a backslash suggests malformed quoting.
  if (quoted === undefined && /[@"\\]/.test(text))
    throw fromRefusal('the name contains @, " or \\; put the name in quotes, or remove the character')
  const name = quoted ?? text
  const [control] = CONTROL.exec(name) ?? []
  if (control !== undefined)
    throw fromRefusal(`the name contains ${findInvisible(control)}, an invisible character; remove it`)
  return name
}

function fromRefusal(problem: string): OptionError {
  return new OptionError('mailFrom', problem)
}

/** The normalized host, or `null`. The URL standard does not validate the host of an unknown scheme. */
function hostOf({ hostname }: URL): string | null {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : domainToASCII(hostname)
  return isIP(bare) !== 0 || HOST_NAME.test(bare) ? bare : null
}

function credentialsOf({ username, password }: URL): SmtpServer['credentials'] {
  const [user, secret] = [decoded(username), decoded(password)]
  if (user === '' && secret === '') return null
  if (user === '' || secret === '') throw refusal('must have both a user and a password, or neither')
  return { user, password: secret }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // No cause: the error may contain the password.
    throw refusal('the user or the password is not percent-encoded; write % as %25')
  }
}

function refusal(problem: string): OptionError {
  return new OptionError('smtpUrl', problem)
}
