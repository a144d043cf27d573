/** Generates the tables of mails and links in docs/security/email.md. */
import { kindOfMail, MAIL_KINDS } from '../../src/auth/delivery/kinds.ts'
import { LINKS } from '../../src/auth/delivery/message.ts'
import { OPTION_TABLE } from '../../src/options/index.ts'
import { MAIL } from '../../src/text/index.ts'
import { code, duration, partsOf, table } from './page.ts'

/** Every kind of mail that has a text, the described ones first. */
const KINDS = new Set([
  ...Object.keys(MAIL_KINDS),
  ...Object.entries(MAIL.en).flatMap(([kind, text]) => (typeof text === 'function' ? [kind] : [])),
])

export const email = partsOf('docs/security/email.md', {
  mails: table(
    ['Kind', 'To', 'Link', 'Sent when'],
    [...KINDS].map((kind) => {
      const { to, link, when } = kindOfMail(kind)
      return [code(kind), to, link === undefined ? '' : code(link), when]
    }),
  ),
  links: table(
    ['Token', 'Page', 'Valid for', 'Setting'],
    Object.entries(LINKS).map(([token, { page, lifetime }]) => [
      code(token),
      code(page),
      `${duration(OPTION_TABLE[lifetime].classic * 1_000)}, once`,
      code(OPTION_TABLE[lifetime].env),
    ]),
  ),
})
