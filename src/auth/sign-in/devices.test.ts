import { expect, it } from 'vitest'
import { freshAuth, onEachEngine } from '../../../test/support/engines.ts'
import {
  BASE_URL,
  CLIENT,
  cookieIn,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
  randomKey,
} from '../../../test/support/production.ts'
import { send } from '../../../test/support/send.ts'
import type { Auth } from '../../index.ts'

const BOB = 'bob@example.com'
const ROB = 'rob@example.com'

/** Seconds between two notices of new devices. */
const NOTICE_PAUSE = 600

/** Signs in on a device. Returns its device token. */
async function signIn(auth: Auth, deviceToken?: string, email = BOB, password = PASSWORD): Promise<string> {
  const login = await auth.signIn.withPassword({ email, password }, { deviceToken, ...CLIENT })
  return login.deviceToken ?? expect.unreachable('no device token')
}

onEachEngine('a device', (engine) => {
  it('that is new triggers a notice with time and place, and is known from then on [LGN-11]', async () => {
    const { auth, now, newMails } = await productionAuth(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const device = await signIn(auth)
    const mails = await newMails()
    expect(mails).toMatchObject([{ kind: 'new_device', to: BOB }])
    for (const fact of ['21 November 2026', '12:00 UTC', CLIENT.ip ?? ''])
      expect(mails[0]?.text).toContain(fact)
    expect(await signIn(auth, device)).toBe(device)
    expect(await newMails()).toEqual([])
    now.advance(NOTICE_PAUSE)
    const another = await signIn(auth)
    expect(another).not.toBe(device)
    expect(await newMails()).toMatchObject([{ kind: 'new_device' }])
    for (const known of [device, another]) await signIn(auth, known)
    expect(await newMails()).toEqual([])
  })

  it('keeps its cookie after a sign-out and is recognized for any spelling of the address', async () => {
    const { auth, newMails } = await productionAuth(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const json = { email: BOB, password: PASSWORD }
    const first = await send(auth, 'POST', '/sessions', { json })
    const deviceToken = cookieIn(first, 'device') ?? ''
    const sessionToken = cookieIn(first, 'session_id') ?? ''
    expect(sessionToken).not.toContain(deviceToken)
    const out = await send(auth, 'DELETE', '/sessions', { sessionToken, deviceToken })
    expect(out.headers.getSetCookie().join()).not.toContain('device')
    expect(out.headers.get('clear-site-data')).not.toContain('cookies')
    await newMails()
    const again = await send(auth, 'POST', '/sessions', {
      json: { ...json, email: ' BOB@Example.com' },
      deviceToken,
    })
    expect(again.status).toBe(200)
    expect(cookieIn(again, 'device')).toBe(deviceToken)
    expect(await newMails()).toEqual([])
  })

  it('is known only for the account that signed in on it', async () => {
    const { auth, newMails } = await productionAuth(engine)
    for (const email of [BOB, ROB]) await auth.users.create({ email, password: PASSWORD, confirmed: true })
    const bobs = await signIn(auth)
    await newMails()
    expect(await signIn(auth, bobs, ROB)).not.toBe(bobs)
    expect(await newMails()).toMatchObject([{ kind: 'new_device', to: ROB }])
  })

  it('is unknown to a new account with the address of a deleted one', async () => {
    const { auth, newMails } = await productionAuth(engine)
    const { id } = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const device = await signIn(auth)
    await auth.users.delete(id)
    await auth.users.create({ email: BOB, password: NEW_PASSWORD, confirmed: true })
    await newMails()
    expect(await signIn(auth, device, BOB, NEW_PASSWORD)).not.toBe(device)
    expect(await newMails()).toMatchObject([{ kind: 'new_device', to: BOB }])
  })

  it('becomes unknown after a password reset or change', async () => {
    const { auth, now, newMails, mailedLink } = await productionAuth(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const device = await signIn(auth)
    await auth.account.requestPasswordReset({ email: BOB })
    const { token } = await mailedLink('reset_password')
    await auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD })
    await newMails()
    now.advance(NOTICE_PAUSE)
    const afterReset = await signIn(auth, device, BOB, NEW_PASSWORD)
    expect(afterReset).not.toBe(device)
    expect(await newMails()).toMatchObject([{ kind: 'new_device' }])

    const { sessionToken } = await auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD })
    await auth.account.changePassword(
      { currentPassword: NEW_PASSWORD, newPassword: PASSWORD },
      { sessionToken },
    )
    now.advance(NOTICE_PAUSE)
    await newMails()
    now.advance(NOTICE_PAUSE)
    expect(await signIn(auth, afterReset)).not.toBe(afterReset)
    expect(await newMails()).toMatchObject([{ kind: 'new_device' }])
  })

  it('with a forged token is unknown', async () => {
    const { auth, now, newMails } = await productionAuth(engine)
    const elsewhere = await productionAuth(engine)
    for (const service of [auth, elsewhere.auth])
      await service.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const device = await signIn(auth)
    const [id = '', keyId = '', mac = ''] = device.split('.')
    const other = await signIn(auth)
    const forged = [
      '',
      id,
      `${id}.`,
      `${id}.${keyId}`,
      `${'A'.repeat(43)}.${keyId}.${mac}`,
      `${other.split('.')[0]}.${keyId}.${mac}`,
      `${id}.${keyId}.${'A'.repeat(43)}`,
      `${id}.${'A'.repeat(8)}.${mac}`,
      `${device} `,
      ` ${device}`,
      `${device}=`,
      `${device}.${mac}`,
      device.toUpperCase(),
      'x'.repeat(100_000),
      await signIn(elsewhere.auth),
    ]
    now.advance(NOTICE_PAUSE)
    await newMails()
    for (const value of forged) {
      now.advance(NOTICE_PAUSE)
      expect(await signIn(auth, value)).not.toBe(value)
      expect(await newMails()).toMatchObject([{ kind: 'new_device' }])
    }
    await signIn(auth, device)
    expect(await newMails()).toEqual([])
  })

  it('grants no access by its token alone', async () => {
    const { auth } = await productionAuth(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const device = await signIn(auth)
    expect(await auth.getUserFromSessionId(device)).toBeNull()
    expect((await send(auth, 'GET', '/profile', { deviceToken: device })).status).toBe(403)
    expect((await send(auth, 'GET', '/profile', { sessionToken: device })).status).toBe(403)
    await expect(
      auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD }, { deviceToken: device }),
    ).rejects.toMatchObject({ code: 'invalid_credentials' })
  })

  it('stays known during a key rotation while the old key is still listed', async () => {
    const [oldKey, newKey] = [randomKey(), randomKey()]
    const before = await productionAuth(engine, { secretKey: oldKey })
    const { databaseUrl } = before.auth.options
    const { now } = before
    await before.auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const old = await signIn(before.auth)
    await before.newMails()

    const rotated = await productionAuth(engine, { now, databaseUrl, secretKey: `${newKey},${oldKey}` })
    const resigned = await signIn(rotated.auth, old)
    expect(resigned).not.toBe(old)
    expect(await rotated.newMails()).toEqual([])

    // The token was renewed with the new key above. A token that was not renewed is now invalid.
    const after = await productionAuth(engine, { now, databaseUrl, secretKey: newKey })
    expect(await signIn(after.auth, resigned)).toBe(resigned)
    expect(await after.newMails()).toEqual([])
    now.advance(NOTICE_PAUSE)
    expect(await signIn(after.auth, old)).not.toBe(resigned)
    expect(await after.newMails()).toMatchObject([{ kind: 'new_device' }])
  })

  it('gets no token, and its owner no notice, without a secret key', async () => {
    const mailer = memoryMailer()
    const auth = await freshAuth(engine, { baseUrl: BASE_URL, mailer })
    await auth.registerUser(BOB, PASSWORD)
    expect(await auth.signIn.withPassword({ email: BOB, password: PASSWORD })).toMatchObject({
      deviceToken: null,
    })
    const response = await auth.fetch(
      new Request('http://localhost:5000/sessions', {
        method: 'POST',
        body: new URLSearchParams({ email: BOB, password: PASSWORD }),
      }),
    )
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(await auth.delivery.count()).toBe(0)
    expect(mailer.mails).toEqual([])
  })

  it('can sign in to a locked account if it is known', async () => {
    const { auth, now, newMails } = await productionAuth(engine, {
      loginFailuresPerAccount: 2,
      loginFailuresUntilLock: 3,
    })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const device = await signIn(auth)
    for (let guess = 0; guess < 3; guess++) {
      await expect(auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD })).rejects.toMatchObject({
        code: 'invalid_credentials',
      })
      now.advance(900)
    }
    await expect(auth.signIn.withPassword({ email: BOB, password: PASSWORD })).rejects.toMatchObject({
      code: 'too_many_attempts',
    })
    await newMails()
    await signIn(auth, device)
    expect(await newMails()).toEqual([])
    // Other devices remain locked out.
    await expect(auth.signIn.withPassword({ email: BOB, password: PASSWORD })).rejects.toMatchObject({
      code: 'too_many_attempts',
    })
  })

  it('that signs in after five failures triggers one notice with their number [LGN-11]', async () => {
    const { auth, newMails } = await productionAuth(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const fail = async (times: number, deviceToken?: string) => {
      for (let guess = 0; guess < times; guess++)
        await auth.signIn
          .withPassword({ email: BOB, password: NEW_PASSWORD }, { deviceToken })
          .catch(() => {})
    }
    await fail(4)
    const device = await signIn(auth)
    expect(await newMails()).toMatchObject([{ kind: 'new_device' }])
    await fail(5, device)
    await signIn(auth, device)
    expect(await newMails()).toMatchObject([
      { kind: 'signed_in_after_failures', text: expect.stringMatching(/after 5 failed\sattempts/) },
    ])
    await signIn(auth, device)
    expect(await newMails()).toEqual([])
    await fail(6)
    await signIn(auth)
    expect(await newMails()).toMatchObject([
      { kind: 'signed_in_after_failures', text: expect.stringMatching(/after 6 failed\sattempts/) },
    ])
  })
})
