/** Generates the tables of mails and links in docs/security/email.md. */
import { MAIL_KINDS } from '../../src/auth/delivery/kinds.ts'
import { LINKS } from '../../src/auth/delivery/message.ts'
import { OPTION_TABLE } from '../../src/options/index.ts'
import { code, duration, partsOf, table } from './page.ts'

export const email = partsOf('docs/security/email.md', {
  mails: table(
    ['Kind', 'To', 'Link', 'Sent when'],
    Object.entries(MAIL_KINDS).map(([kind, about]) => [
      code(kind),
      about.to,
      'link' in about ? code(about.link) : '',
      about.when,
    ]),
  ),
  links: table(
    ['Token', 'Page', 'Valid for', 'Setting'],
    Object.entries(LINKS).map(([token, { page, lifetime }]) => [
      code(token),
      code(page),
      `${duration(OPTION_TABLE[lifetime].production * 1_000)}, once`,
      code(OPTION_TABLE[lifetime].env),
    ]),
  ),
})
