/** docs/security/email.md: addresses, mails, links, and how many leave. */
import { describe, expect, it } from 'vitest'
import { isEmailAddress, normalizeEmail } from '../../src/model/user.ts'
import { OPTION_TABLE, type Setting } from '../../src/options/index.ts'
import { LOCALES } from '../../src/text/index.ts'
import { BASE_URL, linkIn, type MailedLink, NEW_PASSWORD, PASSWORD } from '../support/production.ts'
import {
  code,
  codes,
  numberIn,
  read,
  SETTINGS_BY_ENV,
  sorted,
  sourceOf,
  table,
  wordsOfType,
} from './pages.ts'
import { ADDRESSES, ALICE, BOB, MOVED, NEW_ADDRESS, story, WRONG } from './story.ts'
import { outcome, worldOf } from './world.ts'

describe('docs/security/email.md', () => {
  const page = 'docs/security/email.md'
  const links = table(page, 'Links')

  it('has the rule for addresses as the service has it [EML-01]', () => {
    for (const row of table(page, 'Addresses')) {
      expect(isEmailAddress(code(row.Entered)), row.Entered).toBe(true)
      expect(normalizeEmail(code(row.Entered))).toBe(code(row['Looked up as']))
    }
    for (const { Refused } of table(page, 'Addresses', 1))
      expect(isEmailAddress(code(Refused)), Refused).toBe(false)
    const [, characters, bytes] =
      /(\d+) characters at most, (\d+) bytes of them before the `@`/.exec(read(page)) ?? []
    const of = (length: number) => `${'b'.repeat(Number(bytes))}@${'a.'.repeat(length)}example`
    expect(isEmailAddress(of(1))).toBe(true)
    expect(isEmailAddress(`b${of(1)}`)).toBe(false)
    const longest = of((Number(characters) - of(0).length) >> 1)
    expect([longest.length, isEmailAddress(longest)]).toEqual([Number(characters), true])
    expect(isEmailAddress(`${longest}s`)).toBe(false)
  })

  it('has every mail, whom it goes to and what its link is for, and no other', async () => {
    const mails = table(page, 'Mails')
    const kinds = [...sourceOf('src/mail/compose.ts').matchAll(/readonly kind: '(\w+)'/g)]
    expect(sorted(mails.map(({ Kind }) => code(Kind)))).toEqual(sorted(kinds.map(([, kind = '']) => kind)))
    const { mails: sent } = await story('sqlite')
    const addressees: Readonly<Record<string, readonly string[]>> = {
      'the new address': [NEW_ADDRESS, MOVED],
      'the old address': [ALICE, BOB, MOVED],
      "the account's address": ADDRESSES,
      'the address it had': [NEW_ADDRESS],
    }
    // The commands send that one.
    for (const { Kind, To = '', Link } of mails.filter((row) => code(row.Kind) !== 'test')) {
      const ofKind = sent.filter(({ kind }) => kind === code(Kind))
      expect(ofKind, Kind).not.toEqual([])
      const linked = links.find(({ Token }) => Token === Link)
      for (const mail of ofKind) {
        expect(addressees[To], To).toContain(mail.to)
        if (linked === undefined) expect(mail.text + mail.html, Kind).not.toMatch(/https?:/)
        else expect(linkIn(mail).page).toBe(BASE_URL + code(linked.Page))
        for (const password of [PASSWORD, NEW_PASSWORD])
          expect(mail.subject + mail.text + mail.html).not.toContain(password)
      }
    }
    const failures = /^const NOTABLE_FAILURES = (\d+)$/m.exec(
      sourceOf('src/auth/sign-in/with-password.ts'),
    )?.[1]
    expect(read(page)).toContain(`after ${failures} wrong passwords`)
    for (const locale of LOCALES) expect(read(page)).toContain(`(\`${locale}\`)`)
  })

  it('has the budget of every mail, and names those that are vital', () => {
    const budgets = table('docs/security/throttling.md', 'Mail', 1)
    const kinds = table(page, 'Mails').map(({ Kind }) => code(Kind))
    expect(sorted(budgets.flatMap(({ Mails }) => codes(Mails)))).toEqual(
      sorted(kinds.filter((kind) => kind !== 'test')),
    )
    const [, list = ''] = /^const VITAL_KINDS = \[(.*?)\]/ms.exec(sourceOf('src/auth/delivery/send.ts')) ?? []
    const vital = [...list.matchAll(/'(\w+)'/g)].map(([, kind = '']) => kind)
    expect(codes(budgets.at(-1)?.Mails).sort()).toEqual(vital.sort())
    const [told = ''] = /^`[^\n]*(?:\n[^\n]+)*? are vital\./m.exec(read(page)) ?? []
    expect(codes(told).sort()).toEqual(vital)
  })

  it('has every link with its setting', () => {
    expect(sorted(links.map(({ Token }) => code(Token)))).toEqual(
      wordsOfType('src/db/tables/tokens.ts', 'TokenPurpose'),
    )
    for (const row of links) {
      const { classic, production } =
        SETTINGS_BY_ENV.get(code(row.Setting)) ?? expect.unreachable(row.Setting)
      const seconds = numberIn(row['Good for'])
      expect([classic, production]).toEqual([seconds, seconds])
    }
  })

  it('is right about how long links are good', async () => {
    const { auth, now, ask, newMails, mailedLink, sessionToken } = await worldOf('sqlite')
    const secondsOf = (token: string) =>
      numberIn(links.find(({ Token }) => code(Token) === token)?.['Good for'])
    // Neither uses the token up: a wrong password, and one that is too short.
    const confirm = ({ token }: MailedLink) =>
      ask('POST', '/confirm_email', { json: { token, password: WRONG } })
    const reset = ({ token }: MailedLink) =>
      ask('PUT', '/reset_password', { json: { email: ALICE, reset_token: token, new_password: 'short' } })

    await auth.account.requestPasswordReset({ email: ALICE })
    const ofReset = await mailedLink('reset_password')
    now.advance(secondsOf('reset_password') - 1)
    expect(await outcome(await reset(ofReset))).toBe('password_too_short')
    now.advance(1)
    expect(await outcome(await reset(ofReset))).toBe('invalid_reset_token')

    await auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken })
    const fresh = (await auth.createSession(ALICE)) ?? ''
    await ask('PUT', '/profile/email', { json: { email: NEW_ADDRESS }, sessionToken: fresh })
    await ask('POST', '/users', { json: { email: BOB, password: PASSWORD } })
    const linked = (await newMails()).filter(({ text }) => text.includes('#'))
    expect(linked.map(({ kind }) => kind)).toEqual(['confirm_new_email', 'verify_email'])
    now.advance(secondsOf('confirm_email') - 1)
    for (const mail of linked) expect(await outcome(await confirm(linkIn(mail)))).toBe('invalid_credentials')
    now.advance(1)
    for (const mail of linked)
      expect(await outcome(await confirm(linkIn(mail)))).toBe('invalid_confirmation_token')
    expect(secondsOf('change_email')).toBe(secondsOf('confirm_email'))
  })

  const LIMITED = /(\w+): \{\s*account: '(\w+)',\s*ip: '(\w+)'/g

  it('has every route that is limited because of its mail, with its limits', () => {
    const envOf = (option = '') => (OPTION_TABLE as Readonly<Record<string, Setting>>)[option]?.env
    const limits = new Map(
      [...sourceOf('src/auth/sign-in/throttle.ts').matchAll(LIMITED)].map(([, what, account, ip]) => [
        what,
        [envOf(account), envOf(ip)],
      ]),
    )
    const countedAs = new Map(
      table('docs/security/ways-in.md', 'Routes').map((row) => [code(row.Route), code(row['Counted as'])]),
    )
    const routes = table(page, 'Requests that send mail')
    for (const row of routes)
      expect([code(row['Per account or address named']), code(row['Per client address'])]).toEqual(
        limits.get(countedAs.get(code(row.Route))),
      )
    const described = routes.map(({ Route }) => countedAs.get(code(Route)) ?? '')
    expect(sorted(described)).toEqual(wordsOfType('src/auth/sign-in/throttle.ts', 'Throttled'))
  })
})
