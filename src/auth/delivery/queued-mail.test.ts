import { expect, it } from 'vitest'
import { onBothEngines, onEachEngine } from '../../../test/support/engines.ts'
import {
  everyRow,
  linkIn,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  productionContext,
  type ReceivedMail,
  type TestContext,
} from '../../../test/support/production.ts'
import { down, sender } from '../../../test/support/sender.ts'
import { signedIn } from '../../../test/support/signed-in.ts'
import { watchTransactions } from '../../../test/support/transactions.ts'
import { countMail } from '../../db/index.ts'
import * as account from '../account/index.ts'
import { createAccount } from '../account/new-account.ts'
import { withPassword } from '../sign-in/index.ts'
import * as users from '../users/index.ts'

const BOB = 'bob@example.com'
const HOUR = 3_600

onEachEngine('a queued mail', (engine) => {
  it('is replaced by a newer one of the same kind', async () => {
    const ctx = await productionContext(engine)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    await account.requestConfirmation(ctx, { email: BOB }, {})
    await account.requestConfirmation(ctx, { email: BOB }, { acceptLanguage: 'fr' })
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    const mailer = memoryMailer()
    await sender(ctx, mailer).all()
    expect(mailer.mails.map(({ kind, language }) => `${kind} ${language}`).sort()).toEqual([
      'reset_password en',
      'verify_email fr',
    ])
  })

  it('is not replaced by a mail for another account', async () => {
    const ctx = await productionContext(engine)
    for (const email of [BOB, 'rob@example.com']) await createAccount(ctx, { email, password: PASSWORD }, {})
    const mailer = memoryMailer()
    await sender(ctx, mailer).all()
    expect(mailer.mails).toHaveLength(2)
  })

  /** Changes an account to each address in turn while notices fail and links get through. Returns all mail sent. */
  async function changeAddressDuringOutage(...emails: readonly string[]): Promise<readonly ReceivedMail[]> {
    const ctx = await productionContext(engine)
    let isDown = false
    const mailer = memoryMailer(({ text }) => {
      if (isDown && !text.includes('https://')) down()
    })
    const { all } = sender(ctx, mailer)
    await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    const { sessionToken } = signedIn(await withPassword(ctx, { email: BOB, password: PASSWORD }, {}))
    await all()
    isDown = true
    for (const email of emails) {
      await account.changeEmail(ctx, { email }, { sessionToken })
      await all()
      const link = mailer.mails.findLast(({ to }) => to === email)
      await account.confirmEmail(
        ctx,
        { token: linkIn(link ?? expect.unreachable()).token, password: PASSWORD },
        {},
      )
    }
    isDown = false
    ctx.now.advance(HOUR)
    await all()
    return mailer.mails
  }

  it('to an old address about its removal is not replaced by one to another old address', async () => {
    const mails = await changeAddressDuringOutage('second@example.com', 'third@example.com')
    const notified = mails.filter(({ kind }) => kind === 'email_changed').map(({ to }) => to)
    expect(notified.sort()).toEqual([BOB, 'second@example.com'])
  })

  it('about an address change goes to the address at the time of the request', async () => {
    const mails = await changeAddressDuringOutage('second@example.com')
    expect(mails.filter(({ kind }) => kind === 'email_change_requested').map(({ to }) => to)).toEqual([BOB])
  })

  it('for an unknown address is dropped unsent and does not count towards the limits', async () => {
    const ctx = await productionContext(engine, { mailsPerHour: 1 })
    await account.requestPasswordReset(ctx, { email: 'nobody@example.com' }, {})
    await account.requestConfirmation(ctx, { email: 'nobody@example.com' }, {})
    expect(await countMail(ctx.db)).toBe(2)
    const mailer = memoryMailer()
    await sender(ctx, mailer).all()
    expect(mailer.mails).toEqual([])
    expect(await countMail(ctx.db)).toBe(0)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    await sender(ctx, mailer).all()
    expect(mailer.mails).toMatchObject([{ to: BOB }])
  })

  /** The first address of the /64 with this number in 2001:db8:1::/48. */
  const in48 = (number: number) => `2001:db8:1:${number.toString(16)}::1`
  const REGISTERED = (index: number) => `user${index}@example.com`

  it.each<[string, (ctx: TestContext, email: string, ip: string) => Promise<unknown>]>([
    ['a registration', (ctx, email, ip) => account.register(ctx, { email, password: PASSWORD }, { ip })],
    ['a confirmation request', (ctx, email, ip) => account.requestConfirmation(ctx, { email }, { ip })],
    ['a password reset', (ctx, email, ip) => account.requestPasswordReset(ctx, { email }, { ip })],
    [
      'a sign-in to an unconfirmed account',
      (ctx, email, ip) =>
        withPassword(ctx, { email, password: PASSWORD }, { ip }).catch((error: unknown) =>
          expect(error).toMatchObject({ code: 'invalid_credentials' }),
        ),
    ],
    [
      'a registration of a taken address',
      async (ctx, email, ip) => {
        await ctx.db.updateTable('users').set({ email_verified_at: 1 }).execute()
        await account.register(ctx, { email, password: PASSWORD }, { ip })
      },
    ],
  ])(
    'after %s takes no more than a tenth of the hourly mails for one IPv6 /48, and the rest waits',
    async (name, ask) => {
      const ctx = await productionContext(engine, { mailsPerHour: 30, registrationsPerIp: 100 })
      const mailer = memoryMailer()
      if (name !== 'a registration') {
        for (let index = 0; index < 10; index++)
          await createAccount(ctx, { email: REGISTERED(index), password: PASSWORD }, {})
        // The links for accounts of the operator, which do not count for any network.
        await ctx.db.deleteFrom('outbox').execute()
      }
      for (let index = 0; index < 8; index++) await ask(ctx, REGISTERED(index), in48(index * 0x1000))
      // Another /48, and an IPv4 address, are not affected.
      await ask(ctx, REGISTERED(8), '2001:db8:2::1')
      await ask(ctx, REGISTERED(9), '192.0.2.1')
      await sender(ctx, mailer).all()
      const recipients = () => mailer.mails.map(({ to }) => to)
      expect(recipients()).toHaveLength(3 + 2)
      expect(recipients()).toEqual(expect.arrayContaining([REGISTERED(8), REGISTERED(9)]))
      for (const sent of [3 + 2 + 3, 10]) {
        ctx.now.advance(HOUR)
        await sender(ctx, mailer).all()
        expect(recipients()).toHaveLength(sent)
      }
      expect(new Set(recipients()).size).toBe(10)
    },
  )

  it('that a mail server refuses gives its place back to the /48', async () => {
    const ctx = await productionContext(engine, { mailsPerHour: 10 })
    await account.register(ctx, { email: BOB, password: PASSWORD }, { ip: in48(1) })
    await sender(ctx, memoryMailer(down)).all()
    const mailer = memoryMailer()
    await account.register(ctx, { email: 'rob@example.com', password: PASSWORD }, { ip: in48(2) })
    await sender(ctx, mailer).all()
    expect(mailer.mails).toMatchObject([{ to: 'rob@example.com' }])
  })

  it('whose reason no longer exists is dropped unsent and does not count towards the limits', async () => {
    const ctx = await productionContext(engine, { mailsPerHour: 3 })
    const disabled = await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    const confirmed = await createAccount(ctx, { email: 'confirmed@example.com', password: PASSWORD }, {})
    const gone = await createAccount(ctx, { email: 'gone@example.com', password: PASSWORD }, {})
    // Bypasses the use cases, which withdraw links themselves.
    const change = (id: number, columns: { disabled_at?: number; email_verified_at?: number }) =>
      ctx.db.updateTable('users').set(columns).where('id', '=', id).execute()
    await change(disabled.id, { disabled_at: 1 })
    await change(confirmed.id, { email_verified_at: 1 })
    await users.delete(ctx, gone.id, {})
    expect(await countMail(ctx.db)).toBe(3)
    const mailer = memoryMailer()
    await sender(ctx, mailer).all()
    expect(mailer.mails).toEqual([])
    expect(await countMail(ctx.db)).toBe(0)
    expect((await everyRow(ctx.db)).tokens).toEqual([])
    for (let user = 0; user < 3; user++)
      await createAccount(ctx, { email: `user${user}@example.com`, password: PASSWORD }, {})
    await sender(ctx, mailer).all()
    expect(mailer.mails).toHaveLength(3)
  })

  it('with a link is withdrawn when its token is revoked; a notice is not', async () => {
    const ctx = await productionContext(engine)
    const { id } = await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    let { sessionToken } = signedIn(await withPassword(ctx, { email: BOB, password: PASSWORD }, {}))
    const mailer = memoryMailer()
    const { mails } = mailer
    const { all } = sender(ctx, mailer)
    await all()
    const enqueue = async () => {
      await account.requestPasswordReset(ctx, { email: BOB }, {})
      await account.changeEmail(ctx, { email: 'robert@example.com' }, { sessionToken })
    }
    await enqueue()
    const renewed = await account.changePassword(
      ctx,
      { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
      { sessionToken },
    )
    sessionToken = renewed.sessionToken
    await all()
    expect(mails.map(({ kind }) => kind).sort()).toEqual([
      'email_change_requested',
      'new_device',
      'password_changed',
    ])
    await enqueue()
    await users.disable(ctx, id, {})
    await all()
    expect(mails.slice(3)).toMatchObject([{ kind: 'email_change_requested' }])
    expect((await everyRow(ctx.db)).tokens).toEqual([])
  })

  it('goes to the address of the account at the time of sending', async () => {
    const ctx = await productionContext(engine)
    const { id } = await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    await ctx.db
      .updateTable('users')
      .set({ email: 'robert@example.com', normalized_email: 'robert@example.com' })
      .where('id', '=', id)
      .execute()
    const mailer = memoryMailer()
    await sender(ctx, mailer).all()
    expect(mailer.mails.map(({ to }) => to)).toEqual(['robert@example.com'])
  })
})

onBothEngines('a mail that is requested many times at once', (engine) => {
  it('is queued once for many concurrent requests', async () => {
    const ctx = await productionContext(engine, { resetRequestsPerAccount: 100 })
    await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    await Promise.all(Array.from({ length: 20 }, () => account.requestPasswordReset(ctx, { email: BOB }, {})))
    expect(await countMail(ctx.db)).toBe(1)
  })
})

onEachEngine('a decoy', (engine) => {
  it.each([
    ['reset', account.requestPasswordReset],
    ['confirmation', account.requestConfirmation],
  ])('of a %s causes the same writes as a mail, and the same message is composed', async (_, request) => {
    const transactions = watchTransactions()
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const { all } = sender(ctx, mailer)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    await all()
    ctx.now.advance(HOUR)
    /** The number of statements in each transaction that sends the mail of a request. */
    const workFor = async (email: string) => {
      await request(ctx, { email }, {})
      transactions.length = 0
      await all()
      return transactions.map((statements) => statements.length)
    }
    const ofMail = await workFor(BOB)
    // Lease, two limits, token, and deletion.
    expect(ofMail).toEqual([1, 1, 1, 5, 1])
    expect(await workFor('nobody@example.com')).toEqual(ofMail)
    expect(mailer.mails).toHaveLength(2)
    const [mail] = mailer.mails.slice(-1)
    const [decoy, ...others] = mailer.discarded
    expect(others).toEqual([])
    const withoutLink = (text: string | null = '') => text?.replaceAll(/https?:[^\s"<]+/g, 'LINK')
    expect(decoy).toMatchObject({ subject: mail?.subject, language: mail?.language })
    for (const part of ['text', 'html'] as const)
      expect(withoutLink(decoy?.[part])).toBe(withoutLink(mail?.[part]))
    expect(linkIn(decoy ?? expect.unreachable()).token).toHaveLength(80)
  })
})
