/** Attacks with an account that a stranger registers before its owner does. */
import { expect, it } from 'vitest'
import { freshAuth, onEachEngine } from '../support/engines.ts'
import {
  linkIn,
  NEW_PASSWORD,
  PASSWORD,
  type Production,
  productionAuth,
  type ReceivedMail,
} from '../support/production.ts'
import { send, sessionIn } from '../support/send.ts'
import {
  addMember,
  GENEROUS,
  isPasswordOf,
  MALLORY,
  otherToken,
  outcome,
  PWNED,
  signIn,
  VICTIM,
} from './support.ts'

const WRONG = '401 invalid_credentials'

const register = ({ auth }: Pick<Production, 'auth'>, email: string, password: string) =>
  outcome(send(auth, 'POST', '/users', { form: { email, password } }))
const logIn = ({ auth }: Pick<Production, 'auth'>, email: string, password: string) =>
  outcome(send(auth, 'POST', '/sessions', { form: { email, password } }))
const confirm = ({ auth }: Pick<Production, 'auth'>, token: string, password: string) =>
  outcome(send(auth, 'POST', '/confirm_email', { json: { token, password } }))
const reset = ({ auth }: Pick<Production, 'auth'>, mail: ReceivedMail, password: string) => {
  const { email, token } = linkIn(mail)
  const form = { email: email ?? '', reset_token: token, new_password: password }
  return outcome(send(auth, 'PUT', '/reset_password', { form }))
}

onEachEngine('an account that a stranger registered with the victim’s address', (engine) => {
  it('CVE-2026-44166, CVE-2024-38351, arXiv 2205.10174: belongs to the victim alone once they reset its password', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, newMails } = service
    expect(await register(service, VICTIM, PWNED)).toBe('200')
    const [link] = await newMails()
    // The stranger has a password, but cannot sign in with it.
    expect(await logIn(service, VICTIM, PWNED)).toBe(WRONG)
    await newMails()
    // The victim follows the unexpected mail, but without the stranger's password the account is not confirmed.
    expect(await confirm(service, linkIn(link ?? expect.unreachable()).token, PASSWORD)).not.toBe('200')
    expect(await logIn(service, VICTIM, PWNED)).toBe(WRONG)
    await newMails()
    // The victim registers. The response reveals nothing, and the mail has a link to reset the password.
    expect(await register(service, VICTIM, PASSWORD)).toBe('200')
    const mails = await newMails()
    expect(mails.map(({ to, kind }) => [to, kind])).toEqual([[VICTIM, 'account_exists']])
    expect(await isPasswordOf(auth, VICTIM, PASSWORD)).toBe(false)
    expect(await reset(service, mails[0] ?? expect.unreachable(), NEW_PASSWORD)).toBe('200')
    expect(await logIn(service, VICTIM, NEW_PASSWORD)).toBe('200')
    expect(await logIn(service, VICTIM, PWNED)).toBe(WRONG)
    // The first link does not restore the stranger's password.
    expect(await confirm(service, linkIn(link ?? expect.unreachable()).token, PWNED)).toBe(
      '403 invalid_confirmation_token',
    )

    // Without confirmation of addresses, the stranger signs in and stays signed in when the owner arrives.
    const open = await freshAuth(engine)
    const fields = { email: VICTIM, password: PWNED }
    expect((await send(open, 'POST', '/users', { form: fields })).status).toBe(200)
    const login = await send(open, 'POST', '/sessions', { form: fields })
    const sessionToken = sessionIn(login)
    expect(await open.createSession(VICTIM)).not.toBeNull()
    expect((await send(open, 'GET', '/profile', { sessionToken })).status).toBe(200)
  })

  it('cannot block the address in another spelling: the owner gets the mail, or the registration is refused', async () => {
    const owner = 'squatk.jörg@example.com'
    const spellings: Record<string, '200' | '400 invalid_email'> = {
      'squat\u212a.jörg@example.com': '200',
      'squatk.jo\u0308rg@example.com': '200',
      'squatk.jörg@EXAMPLE.com': '200',
      'squatk.jörg@example\u3002com': '200',
      'squatk.jörg@example\uff0ecom': '400 invalid_email',
      'squatk.jörg@\uff45xample.com': '400 invalid_email',
      'squatk.jörg@exam\u034fple.com': '400 invalid_email',
      '\uff53quatk.jörg@example.com': '400 invalid_email',
      'squatk.j\u3164örg@example.com': '400 invalid_email',
      'squatk.jörg\ufe0f@example.com': '400 invalid_email',
    }
    for (const [typed, expected] of Object.entries(spellings)) {
      const service = await productionAuth(engine, GENEROUS)
      expect(await register(service, typed, PWNED), typed).toBe(expected)
      const mails = await service.newMails()
      if (expected !== '200') {
        expect(mails).toEqual([])
        expect(await Array.fromAsync(service.auth.users.list())).toEqual([])
        continue
      }
      // The owner reads the mail and takes over the account.
      expect(mails.map(({ to }) => to.toLowerCase())).toEqual([owner])
      expect(await register(service, owner, PASSWORD)).toBe('200')
      const [exists = expect.unreachable()] = await service.newMails()
      expect([exists.to.toLowerCase(), exists.kind]).toEqual([owner, 'account_exists'])
      expect(await reset(service, exists, NEW_PASSWORD)).toBe('200')
      expect(await logIn(service, owner, NEW_PASSWORD)).toBe('200')
    }
  })

  it('loses the stranger’s sessions, links and pending address change when the password is reset', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, db, newMails } = service
    // A confirmed account with the stranger's password, as after an import or a confirmation by an operator.
    await addMember(auth, VICTIM, PWNED)
    const sessions = [
      await signIn(auth, VICTIM, { password: PWNED }),
      await signIn(auth, VICTIM, { password: PWNED }),
    ]
    const [sessionToken = ''] = sessions.map((started) => started.sessionToken)
    await newMails()
    await send(auth, 'PUT', '/profile/email', { json: { email: MALLORY }, sessionToken })
    const change = (await newMails()).find(({ to }) => to === MALLORY) ?? expect.unreachable()
    await send(auth, 'POST', '/reset_password', { form: { email: VICTIM } })
    const [mail = expect.unreachable()] = await newMails()
    // Before the reset, the sessions work.
    for (const started of sessions)
      expect(await outcome(send(auth, 'GET', '/profile', { sessionToken: started.sessionToken }))).toBe('200')
    expect(await reset(service, mail, NEW_PASSWORD)).toBe('200')
    for (const started of sessions)
      expect(await outcome(send(auth, 'GET', '/profile', { sessionToken: started.sessionToken }))).toBe(
        '403 session_required',
      )
    for (const password of [PWNED, NEW_PASSWORD])
      expect(await confirm(service, linkIn(change).token, password)).toBe('403 invalid_confirmation_token')
    expect(await db.selectFrom('tokens').selectAll().execute()).toEqual([])
    expect((await auth.db.findUserBy({ email: VICTIM })).email).toBe(VICTIM)
  })

  it('is not created by a request to change another account to that address, no matter who uses the link', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, newMails } = service
    await addMember(auth, MALLORY, PWNED)
    const { sessionToken } = await signIn(auth, MALLORY, { password: PWNED })
    await newMails()
    await send(auth, 'PUT', '/profile/email', { json: { email: VICTIM }, sessionToken })
    const link = (await newMails()).find(({ to }) => to === VICTIM) ?? expect.unreachable()
    const { token } = linkIn(link)
    // The victim has the link but not the password. The stranger has the password but not the link.
    expect(await confirm(service, token, PASSWORD)).toBe(WRONG)
    expect(await confirm(service, otherToken(token), PWNED)).toBe('403 invalid_confirmation_token')
    expect((await auth.db.findUserBy({ email: MALLORY })).email).toBe(MALLORY)
    // The victim registers a separate account, and the stranger's change can no longer complete.
    expect(await register(service, VICTIM, PASSWORD)).toBe('200')
    const own = (await newMails()).find(({ kind }) => kind === 'verify_email') ?? expect.unreachable()
    expect(await confirm(service, linkIn(own).token, PASSWORD)).toBe('200')
    expect(await confirm(service, token, PWNED)).toBe('403 invalid_confirmation_token')
    const [mallory, victim] = [
      await auth.db.findUserBy({ email: MALLORY }),
      await auth.db.findUserBy({ email: VICTIM }),
    ]
    expect(mallory.id).not.toBe(victim.id)
    expect(await logIn(service, VICTIM, PASSWORD)).toBe('200')
    expect(await logIn(service, VICTIM, PWNED)).toBe(WRONG)
  })

  it('keeps its password if the address is registered again, before or after confirmation', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, mailedLink } = service
    expect(await register(service, VICTIM, PASSWORD)).toBe('200')
    const { token } = await mailedLink('verify_email')
    const again = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        register(service, index % 2 ? VICTIM : VICTIM.toUpperCase(), `${PWNED} ${index}`),
      ),
    )
    expect(new Set(again)).toEqual(new Set(['200']))
    expect(await Array.fromAsync(auth.users.list())).toHaveLength(1)
    expect(await isPasswordOf(auth, VICTIM, PASSWORD)).toBe(true)
    // The victim's own link still works.
    expect(await confirm(service, token, PASSWORD)).toBe('200')
    expect(await register(service, VICTIM, PWNED)).toBe('200')
    expect(await logIn(service, VICTIM, PWNED)).toBe(WRONG)
    expect(await logIn(service, VICTIM, PASSWORD)).toBe('200')
  })

  it('is deleted if nobody confirms it within a week, and the address is free again', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, now, mailedLink } = service
    expect(await register(service, VICTIM, PWNED)).toBe('200')
    const stale = await mailedLink('verify_email')
    now.advance(auth.options.unconfirmedAccountSeconds)
    await auth.deleteExpired()
    expect(await register(service, VICTIM, PASSWORD)).toBe('200')
    const { token } = await mailedLink('verify_email')
    expect(await confirm(service, stale.token, PWNED)).toBe('403 invalid_confirmation_token')
    expect(await confirm(service, token, PASSWORD)).toBe('200')
    expect(await logIn(service, VICTIM, PWNED)).toBe(WRONG)
  })

  it('does not block a member who changes to that address and owns the mailbox', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, mailedLink } = service
    await addMember(auth, 'member@example.com')
    const { sessionToken } = await signIn(auth, 'member@example.com')
    await send(auth, 'PUT', '/profile/email', { json: { email: VICTIM }, sessionToken })
    const { token } = await mailedLink('confirm_new_email')
    expect(await register(service, VICTIM, PWNED)).toBe('200')
    expect(await confirm(service, token, PASSWORD)).toBe('200')
  })
})
