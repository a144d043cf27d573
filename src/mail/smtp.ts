import { domainToASCII } from 'node:url'
import { createTransport, type NodemailerError, type SendMailOptions, type SMTPPoolOptions } from 'nodemailer'
import { isLoopback } from '../lib/network.ts'
import { isEmailAddress, trimEmail } from '../user.ts'
import { type Mail, MailError, type Mailer, MailRefused } from './index.ts'
import { parseMailFrom, parseSmtpUrl, type Sender, type SmtpServer } from './settings.ts'

/** What it takes to send mail. */
export interface SmtpSettings {
  /** As `parseSmtpUrl` reads it. */
  readonly url: string
  /** As `parseMailFrom` reads it. */
  readonly from: string
  /** The host name to say hello with. Default: the machine's own, where it has a full one. */
  readonly helloName?: string | undefined
  /** Seconds that one message may take, the wait for a free connection included. Default 45. */
  readonly timeoutSeconds?: number | undefined
}

const TIMEOUT_SECONDS = 45
const CONNECTIONS = 3
const IDLE_SECONDS = 10

/**
 * Sends mail through an SMTP server, over a few connections that are kept for a moment.
 *
 * - TLS is verified, and never given up: `smtps:` speaks it from the start; `smtp:` upgrades by STARTTLS before
 *   anything else is said, or fails. Only to this machine (loopback) does `smtp:` stay plain. `localhost` is
 *   127.0.0.1, and no name server is asked.
 * - `send` settles within `timeoutSeconds`. What it rejects with is a {@link MailError}.
 * - A message goes to one address. What is none is refused before a connection is made.
 * - `close` refuses what waits, and lets go of what is on its way.
 *
 * @throws {OptionError} `smtpUrl` or `mailFrom`.
 */
export function openSmtp(settings: SmtpSettings): Mailer {
  const sender = parseMailFrom(settings.from)
  const timeoutMs = (settings.timeoutSeconds ?? TIMEOUT_SECONDS) * 1_000
  const transport = createTransport({
    ...transportOptions(parseSmtpUrl(settings.url)),
    pool: true,
    maxConnections: CONNECTIONS,
    idleTimeout: IDLE_SECONDS * 1_000,
    // Another try is for whoever keeps the message; this one is for a connection that ended while it was idle.
    maxRequeues: 1,
    name: settings.helloName,
    // Less than the whole, so that the error tells a server that is not there from one that is slow.
    connectionTimeout: timeoutMs / 3,
    greetingTimeout: timeoutMs / 3,
    socketTimeout: timeoutMs,
    // A message is what it says: no text or HTML is ever fetched from a path or an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  })

  const closing = new AbortController()
  return {
    async send(mail) {
      const message = messageOf(mail, sender)
      // Over everything, since a server that sends a byte now and then runs into no other limit.
      const timeout = AbortSignal.timeout(timeoutMs)
      try {
        await transport.sendMail({ ...message, signal: AbortSignal.any([timeout, closing.signal]) })
      } catch (error) {
        if (closing.signal.aborted)
          throw new MailError('The message was on its way when the mailer was closed.')
        if (!timeout.aborted) throw mailErrorOf(error)
        throw new MailError(`The mail server did not take the message within ${timeoutMs / 1_000} s.`)
      }
    },
    close() {
      closing.abort()
      transport.close()
    },
  }
}

/** How the server is reached. */
function transportOptions({ secure, host, port, credentials }: SmtpServer): SMTPPoolOptions {
  const isHere = isLoopback(host)
  return {
    host: host === 'localhost' ? '127.0.0.1' : host,
    ...(host === 'localhost' && { servername: host }),
    port,
    secure,
    requireTLS: !secure && !isHere,
    ignoreTLS: !secure && isHere,
    // Said aloud, because an environment variable of Node changes the default.
    tls: { rejectUnauthorized: true },
    ...(credentials !== null && { auth: { user: credentials.user, pass: credentials.password } }),
  }
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i
const LANGUAGE = /^[a-z]{2,8}(?:-[a-z\d]{1,8})*$/i
const CONTROL_OR_BREAK = /[\p{Cc}\p{Zl}\p{Zp}]/u

/** Everything that will stand in a header is held against its form here, whatever the package makes of it. */
function messageOf(mail: Mail, sender: Sender): SendMailOptions {
  const to = trimEmail(mail.to)
  if (!isEmailAddress(to)) throw new MailRefused('The recipient is not one email address.')
  if (!UUID.test(mail.id) || !LANGUAGE.test(mail.language) || CONTROL_OR_BREAK.test(mail.subject))
    throw new MailRefused('The id, language or subject of the message has not its form.')
  const senderDomain = domainToASCII(sender.address.slice(sender.address.lastIndexOf('@') + 1))
  return {
    messageId: `<${mail.id}@${senderDomain}>`,
    from: { ...sender },
    to: { name: '', address: to },
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    headers: {
      // RFC 3834 §5: nobody’s holiday notice has to answer.
      'Auto-Submitted': 'auto-generated',
      'Content-Language': mail.language,
    },
  }
}

/** By then the server has heard of the recipient: what it refuses earlier, it refuses because of us. */
const ABOUT_THE_MESSAGE = ['RCPT TO', 'DATA']
function mailErrorOf(error: unknown): MailError {
  const {
    command = '',
    response = '',
    responseCode,
    message,
  }: Partial<NodemailerError> = error instanceof Error ? error : {}
  // A server may repeat what it did not understand, and the line of AUTH holds the password.
  if (command.startsWith('AUTH'))
    return new MailError(`The mail server refused the credentials (${responseCode ?? 'no code'}).`)
  const isRefused = ABOUT_THE_MESSAGE.includes(command) && isForGood(response)
  const report = `The message was not sent. ${withoutSecrets(message ?? '')}`
  return isRefused ? new MailRefused(report) : new MailError(report)
}

/**
 * Whether no retry can help, by enhanced status code (RFC 3463 §3): the recipient's address (5.1) or mailbox (5.2)
 * is wrong, or the content is (5.6). Every other code blames the sender, the route or a policy, which the operator
 * can put right. So does a reply without a code, such as "550 relay not permitted".
 */
function isForGood(response: string): boolean {
  const [, subject, detail] = /^5\d\d[ -]5\.([126])\.(\d{1,3})(?!\S)/.exec(response) ?? []
  // 5.1.7 and 5.1.8 are about the sender's address. So is a 5.1.0 that says so: Postfix refuses senders at RCPT.
  if (subject === '1' && (detail === '7' || detail === '8')) return false
  if (subject === '1' && detail === '0') return !/\bsender\b/i.test(response)
  // A full mailbox, which its owner can empty: "a persistent transient failure" (RFC 3463 §3.3).
  if (subject === '2' && detail === '2') return false
  return subject !== undefined
}

/**
 * A short line of log. A server may quote what it was sent: words that could be of an address, of a link or of
 * a token are left out.
 */
function withoutSecrets(text: string): string {
  return text
    .slice(0, 1_000)
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[^\s<>]*(?:[@%#=?]|:\/\/)[^\s<>]*|[^\s<>]{25,}/g, '[…]')
    .slice(0, 300)
}
