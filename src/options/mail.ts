import { parseMailFrom, parseSmtpUrl, TERMINAL_MAIL } from '../mail/settings.ts'
import { isMissing, type Row } from './row.ts'

export const MAIL = {
  /**
   * The mail server: smtp://USER:PASSWORD@HOST:PORT (STARTTLS is required except on loopback) or smtps://….
   * The value terminal: writes mail to standard error, for development.
   *
   * Default: not set, in development `'terminal:'`.
   */
  smtpUrl: {
    env: 'SMTP_URL',
    kind: { type: 'text' },
    classic: '',
    development: TERMINAL_MAIL,
    production: '',
    secret: 'password',
    about:
      'The mail server: smtp://USER:PASSWORD@HOST:PORT (STARTTLS is required except on loopback) or smtps://…. The value terminal: writes mail to standard error, for development.',
    parse: (text: string) => text === TERMINAL_MAIL || parseSmtpUrl(text),
    refusedInProduction: (value: string) =>
      isMissing('the mail server, as in smtps://USER:PASSWORD@mail.example.com')(value) ??
      (value === TERMINAL_MAIL ? 'terminal: is for development; production has to send its mail' : null),
  },
  /**
   * The sender of all mail: ADDRESS or NAME <ADDRESS>, such as Example <no-reply@example.com>.
   *
   * Default: not set, in development `'Bienvenue <no-reply@localhost>'`.
   */
  mailFrom: {
    env: 'BIENVENUE_MAIL_FROM',
    kind: { type: 'text' },
    classic: '',
    development: 'Bienvenue <no-reply@localhost>',
    production: '',
    words: true,
    about: 'The sender of all mail: ADDRESS or NAME <ADDRESS>, such as Example <no-reply@example.com>.',
    parse: parseMailFrom,
    refusedInProduction: isMissing('the sender of all mail, as in Example <no-reply@example.com>'),
  },
  /**
   * How many mails one mailbox gets in an hour at most. The others wait.
   *
   * 1 to 1000 mails in an hour. Default: `20`.
   */
  mailsPerMailbox: {
    env: 'BIENVENUE_MAILS_PER_MAILBOX',
    kind: { type: 'integer', min: 1, max: 1_000, unit: 'mails in an hour' },
    classic: 20,
    production: 20,
    about: 'How many mails one mailbox gets in an hour at most. The others wait.',
  },
  /**
   * How many mails all instances together send in an hour at most. The others wait.
   *
   * 1 to 10000000 mails in an hour. Default: `1000`.
   */
  mailsPerHour: {
    env: 'BIENVENUE_MAILS_PER_HOUR',
    kind: { type: 'integer', min: 1, max: 10_000_000, unit: 'mails in an hour' },
    classic: 1_000,
    production: 1_000,
    about: 'How many mails all instances together send in an hour at most. The others wait.',
  },
} as const satisfies Record<string, Row>
