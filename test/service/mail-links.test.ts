/** The mails of a whole run: who gets them, where their links lead, and how long these work. */
import { describe, expect, it } from 'vitest'
import { MAIL_KINDS } from '../../src/auth/delivery/kinds.ts'
import { LINKS } from '../../src/auth/delivery/message.ts'
import { BASE_URL, linkIn, type MailedLink, NEW_PASSWORD, PASSWORD } from '../support/production.ts'
import { ADDRESSES, ALICE, BOB, MOVED, NEW_ADDRESS, story, WRONG } from '../support/story.ts'
import { outcome, worldOf } from '../support/world.ts'

/** The addresses that a kind of mail may go to in the story. */
const RECIPIENTS: Readonly<Record<string, readonly string[]>> = {
  'the new address': [NEW_ADDRESS, MOVED],
  'the old address': [ALICE, BOB, MOVED],
  "the account's address": ADDRESSES,
  'the address it had': [NEW_ADDRESS],
}

describe('mail', () => {
  it('goes to the recipient of its kind, leads to the page of its token, and contains no password', async () => {
    const { mails } = await story('sqlite')
    const { test: _, ...kinds } = MAIL_KINDS
    expect([...new Set(mails.map(({ kind }) => kind))].sort()).toEqual(Object.keys(kinds).sort())
    for (const mail of mails) {
      const kind = MAIL_KINDS[mail.kind]
      expect(RECIPIENTS[kind.to], mail.kind).toContain(mail.to)
      if ('link' in kind) expect(linkIn(mail).page, mail.kind).toBe(BASE_URL + LINKS[kind.link].page)
      else expect(mail.text + mail.html, mail.kind).not.toMatch(/https?:/)
      for (const password of [PASSWORD, NEW_PASSWORD])
        expect(mail.subject + mail.text + mail.html).not.toContain(password)
    }
  })
})

describe('links', () => {
  it('work for the time of their setting, and not a second longer', async () => {
    const { auth, now, ask, newMails, mailedLink, sessionToken } = await worldOf('sqlite')
    const { resetTokenLifetimeSeconds: resetLifetime, emailTokenLifetimeSeconds: emailLifetime } =
      auth.options
    // Neither a wrong password nor one that is too short uses the token up.
    const confirm = ({ token }: MailedLink) =>
      ask('POST', '/confirm_email', { json: { token, password: WRONG } })
    const reset = ({ token }: MailedLink) =>
      ask('PUT', '/reset_password', { json: { email: ALICE, reset_token: token, new_password: 'short' } })

    await auth.account.requestPasswordReset({ email: ALICE })
    const ofReset = await mailedLink('reset_password')
    now.advance(resetLifetime - 1)
    expect(await outcome(await reset(ofReset))).toBe('password_too_short')
    now.advance(1)
    expect(await outcome(await reset(ofReset))).toBe('invalid_reset_token')

    await auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken })
    const fresh = (await auth.createSession(ALICE)) ?? ''
    await ask('PUT', '/profile/email', { json: { email: NEW_ADDRESS }, sessionToken: fresh })
    await ask('POST', '/users', { json: { email: BOB, password: PASSWORD } })
    const linked = (await newMails()).filter(({ text }) => text.includes('#'))
    expect(linked.map(({ kind }) => kind)).toEqual(['confirm_new_email', 'verify_email'])
    now.advance(emailLifetime - 1)
    for (const mail of linked) expect(await outcome(await confirm(linkIn(mail)))).toBe('invalid_credentials')
    now.advance(1)
    for (const mail of linked)
      expect(await outcome(await confirm(linkIn(mail)))).toBe('invalid_confirmation_token')
  })
})
