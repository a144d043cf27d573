import { domainToASCII } from 'node:url'
import { createTransport, type NodemailerError, type SendMailOptions, type SMTPPoolOptions } from 'nodemailer'
import { isLoopback } from '../lib/network.ts'
import { isEmailAddress, trimEmail } from '../model/user.ts'
import { type ComposedMail, MAILS_AT_ONCE, MailError, type Mailer, MailRefused } from './index.ts'
import { parseMailFrom, parseSmtpUrl, type Sender, type SmtpServer } from './settings.ts'

export interface SmtpSettings {
  /** In the form that `parseSmtpUrl` accepts. */
  readonly url: string
  /** In the form that `parseMailFrom` accepts. */
  readonly from: string
  /** The host name for EHLO. Default: that of the machine, if it is fully qualified. */
  readonly helloName?: string | undefined
  /** The time limit for one message in seconds, including the wait for a free connection. Default: 45. */
  readonly timeoutSeconds?: number | undefined
}

export const TIMEOUT_SECONDS = 45
export const IDLE_SECONDS = 10
/** Never load content from a path or a URL. */
const NO_CONTENT_FROM_ELSEWHERE = { disableFileAccess: true, disableUrlAccess: true } as const

/**
 * Sends mail through an SMTP server, over a small pool of connections.
 *
 * - TLS is mandatory and verified: `smtps:` starts with it, and `smtp:` fails unless STARTTLS succeeds. Exception: on loopback,
 *   `smtp:` stays in plain text. `localhost` means 127.0.0.1, without a DNS lookup.
 * - `send` settles within `timeoutSeconds`. If it rejects, the error is a {@link MailError}.
 * - A message has exactly one recipient. An invalid one is refused before a connection is made.
 * - `close` rejects all messages that have not been sent, and closes the connections.
 *
 * @throws {OptionError} `smtpUrl` or `mailFrom` is invalid.
 */
export function openSmtp(settings: SmtpSettings): Mailer {
  const sender = parseMailFrom(settings.from)
  const timeoutMs = (settings.timeoutSeconds ?? TIMEOUT_SECONDS) * 1_000
  const transport = createTransport({
    ...transportOptions(parseSmtpUrl(settings.url)),
    pool: true,
    maxConnections: MAILS_AT_ONCE,
    idleTimeout: IDLE_SECONDS * 1_000,
    // The caller retries messages. This one retry is for a connection that the server closed while it was idle.
    maxRequeues: 1,
    name: settings.helloName,
    // Shorter than the whole limit, so that the error tells an unreachable server from a slow one.
    connectionTimeout: timeoutMs / 3,
    greetingTimeout: timeoutMs / 3,
    socketTimeout: timeoutMs,
    ...NO_CONTENT_FROM_ELSEWHERE,
  })
  // Encodes messages in the same way but sends nothing.
  const discarding = createTransport({ streamTransport: true, buffer: true, ...NO_CONTENT_FROM_ELSEWHERE })

  const closing = new AbortController()
  return {
    async send(mail) {
      const message = messageOf(mail, sender)
      // The other limits do not stop a server that sends a byte now and then.
      const timeout = AbortSignal.timeout(timeoutMs)
      try {
        await transport.sendMail({ ...message, signal: AbortSignal.any([timeout, closing.signal]) })
      } catch (error) {
        if (closing.signal.aborted) throw new MailError('The mailer was closed before the message was sent.')
        if (!timeout.aborted) throw mailErrorOf(error)
        throw new MailError(`The mail server did not accept the message within ${timeoutMs / 1_000} s.`)
      }
    },
    async discard(mail) {
      await discarding.sendMail(messageOf(mail, sender))
    },
    close() {
      closing.abort()
      transport.close()
    },
  }
}

function transportOptions({ secure, host, port, credentials }: SmtpServer): SMTPPoolOptions {
  const isLocal = isLoopback(host)
  return {
    host: host === 'localhost' ? '127.0.0.1' : host,
    ...(host === 'localhost' && { servername: host }),
    port,
    secure,
    requireTLS: !secure && !isLocal,
    ignoreTLS: !secure && isLocal,
    // Explicit, because the variable NODE_TLS_REJECT_UNAUTHORIZED changes the default.
    tls: { rejectUnauthorized: true },
    ...(credentials !== null && { auth: { user: credentials.user, pass: credentials.password } }),
  }
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i
const LANGUAGE = /^[a-z]{2,8}(?:-[a-z\d]{1,8})*$/i
const CONTROL_OR_BREAK = /[\p{Cc}\p{Zl}\p{Zp}]/u

/** Validates every value that goes into a header, and does not rely on nodemailer for that. */
function messageOf(mail: ComposedMail, sender: Sender): SendMailOptions {
  const to = trimEmail(mail.to)
  if (!isEmailAddress(to)) throw new MailRefused('The recipient is not one email address.')
  if (!UUID.test(mail.id) || !LANGUAGE.test(mail.language) || CONTROL_OR_BREAK.test(mail.subject))
    throw new MailRefused('The id, language or subject of the message is malformed.')
  const senderDomain = domainToASCII(sender.address.slice(sender.address.lastIndexOf('@') + 1))
  return {
    messageId: `<${mail.id}@${senderDomain}>`,
    from: { ...sender },
    to: { name: '', address: to },
    subject: mail.subject,
    text: mail.text,
    ...(mail.html !== null && { html: mail.html }),
    attachments: (mail.images ?? []).map(({ id, type, bytes }) => ({
      cid: id,
      content: Buffer.from(bytes),
      contentType: type,
      contentDisposition: 'inline' as const,
      filename: 'logo.png',
    })),
    headers: {
      // RFC 3834 §5: suppresses automatic replies.
      'Auto-Submitted': 'auto-generated',
      'Content-Language': mail.language,
    },
  }
}

/** Refusals of earlier commands are about the sender, because the server does not yet know the recipient. */
const ABOUT_THE_MESSAGE = ['RCPT TO', 'DATA']
function mailErrorOf(error: unknown): MailError {
  const {
    command = '',
    response = '',
    responseCode,
    message,
  }: Partial<NodemailerError> = error instanceof Error ? error : {}
  // A server may echo a command that it did not understand, and AUTH contains the password.
  if (command.startsWith('AUTH'))
    return new MailError(`The mail server refused the credentials (${responseCode ?? 'no code'}).`)
  const isRefused = ABOUT_THE_MESSAGE.includes(command) && isPermanent(response)
  const report = `The message was not sent. ${withoutSecrets(message ?? '')}`
  return isRefused ? new MailRefused(report) : new MailError(report)
}

/**
 * Whether retrying cannot help, by enhanced status code (RFC 3463 §3): the recipient's address (5.1) or mailbox (5.2)
 * is wrong, or the content is (5.6). Every other code blames the sender, the route or a policy, which the operator
 * can fix. So does a reply without an enhanced code, such as "550 relay not permitted".
 */
function isPermanent(response: string): boolean {
  const [, subject, detail] = /^5\d\d[ -]5\.([126])\.(\d{1,3})(?!\S)/.exec(response) ?? []
  // 5.1.7 and 5.1.8 are about the sender's address. So is a 5.1.0 that mentions the sender, because Postfix refuses senders at
  // RCPT.
  if (subject === '1' && (detail === '7' || detail === '8')) return false
  if (subject === '1' && detail === '0') return !/\bsender\b/i.test(response)
  // The mailbox is full, and its owner can fix that: "a persistent transient failure" (RFC 3463 §3.3).
  if (subject === '2' && detail === '2') return false
  return subject !== undefined
}

/**
 * The text as one short line for the log. The server may quote the message, so every word that could be part of an address, a
 * link or a token is removed.
 */
function withoutSecrets(text: string): string {
  return text
    .slice(0, 1_000)
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[^\s<>]+/g, (word) => (/[@%#=?]|:\/\//.test(word) || word.length >= 25 ? '[…]' : word))
    .slice(0, 300)
}
