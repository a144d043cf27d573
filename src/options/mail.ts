import { parseMailFrom, parseSmtpUrl, TERMINAL_MAIL } from '../mail/settings.ts'
import { isMissing, type Setting } from './setting.ts'

export const MAIL = {
  smtpUrl: {
    env: 'SMTP_URL',
    kind: { type: 'text' },
    classic: '',
    development: TERMINAL_MAIL,
    production: '',
    secret: 'password',
    about:
      'The mail server: smtp://USER:PASSWORD@HOST:PORT (STARTTLS is required except on loopback) or smtps://…. The value terminal: prints mail to standard error, for development.',
    parse: (text: string) => text === TERMINAL_MAIL || parseSmtpUrl(text),
    refusedInProduction: (value: string) =>
      isMissing('set it to your mail server, such as smtps://USER:PASSWORD@mail.example.com')(value) ??
      (value === TERMINAL_MAIL ? 'terminal: is only for development; set it to your mail server' : null),
  },
  mailFrom: {
    env: 'BIENVENUE_MAIL_FROM',
    kind: { type: 'text' },
    classic: '',
    development: 'Bienvenue <no-reply@localhost>',
    production: '',
    words: true,
    about: 'The sender of all mail: ADDRESS or NAME <ADDRESS>, such as Example <no-reply@example.com>.',
    parse: parseMailFrom,
    refusedInProduction: isMissing(
      'set it to the sender of all mail, such as Example <no-reply@example.com>',
    ),
  },
  mailsPerMailbox: {
    env: 'BIENVENUE_MAILS_PER_MAILBOX',
    kind: { type: 'integer', min: 1, max: 1_000, unit: 'mails per hour' },
    classic: 20,
    about: 'The maximum number of mails per hour to one mailbox. Further mails wait.',
  },
  mailsPerHour: {
    env: 'BIENVENUE_MAILS_PER_HOUR',
    kind: { type: 'integer', min: 1, max: 10_000_000, unit: 'mails per hour' },
    classic: 1_000,
    about: 'The maximum number of mails per hour from all instances together. Further mails wait.',
  },
} as const satisfies Record<string, Setting>
