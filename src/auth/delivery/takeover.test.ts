import { expect, it } from 'vitest'
import { onEachEngine } from '../../../test/support/engines.ts'
import {
  everyRow,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  productionContext,
} from '../../../test/support/production.ts'
import { down, givenUp, sender } from '../../../test/support/sender.ts'
import { BOB, startTakeover, THIEF } from '../../../test/support/takeover.ts'
import { countMail } from '../../db/index.ts'
import * as account from '../account/index.ts'
import { createAccount } from '../account/new-account.ts'
import { deleteExpired } from '../cleanup.ts'
import { MAIL_LIFETIME_SECONDS } from './send.ts'

const HOUR = 3_600

/** What an address change sends to the old address. */
const ADDRESS_NOTICES = ['email_change_requested', 'email_changed']

onEachEngine('the owner of an account during a takeover', (engine) => {
  it('is notified at the old address of 21 sign-ins and of the address change within the hour', async () => {
    const ctx = await productionContext(engine)
    const { all, kindsTo, signIn, takeAddress } = await startTakeover(ctx, memoryMailer())
    let sessionToken = ''
    for (let times = 0; times < 21; times++) {
      sessionToken = await signIn()
      await all()
    }
    await takeAddress(sessionToken)
    await account.delete(ctx, { sessionToken })
    await all()
    expect(kindsTo()).toEqual(['new_device', ...ADDRESS_NOTICES])
    expect(kindsTo(THIEF)).toEqual(['confirm_new_email', 'account_deleted'])
    ctx.now.advance(600)
    await all()
    expect(kindsTo().slice(3)).toEqual(['new_device'])
    expect(await countMail(ctx.db)).toBe(0)
  })

  it('is notified of the deletion at once, and of the 20 other sign-ins later', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const { all, kindsTo, signIn } = await startTakeover(ctx, mailer)
    let sessionToken = ''
    for (let times = 0; times < 21; times++) {
      sessionToken = await signIn()
      await all()
    }
    await account.delete(ctx, { sessionToken })
    await all()
    expect(kindsTo()).toEqual(['new_device', 'account_deleted'])
    ctx.now.advance(600)
    await all()
    expect(mailer.mails.at(-1)).toMatchObject({ to: BOB, text: expect.stringMatching(/were 20\ssign-ins/) })
  })

  it('receives every notice even if the mail server is down until the account is deleted', async () => {
    const ctx = await productionContext(engine)
    let isDown = true
    const mailer = memoryMailer(({ text }) => {
      if (isDown && !text.includes('https://')) down()
    })
    const { all, kindsTo, signIn, takeAddress } = await startTakeover(ctx, mailer)
    let sessionToken = await signIn()
    const renewed = await account.changePassword(
      ctx,
      { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
      { sessionToken },
    )
    sessionToken = (
      await account.changePassword(
        ctx,
        { currentPassword: NEW_PASSWORD, newPassword: PASSWORD },
        { sessionToken: renewed.sessionToken },
      )
    ).sessionToken
    await takeAddress(sessionToken)
    await account.delete(ctx, { sessionToken })
    await all()
    expect(kindsTo()).toEqual([])
    isDown = false
    ctx.now.advance(HOUR)
    await all()
    expect(kindsTo().sort()).toEqual([
      ...ADDRESS_NOTICES,
      'new_device',
      'password_changed',
      'password_changed',
    ])
    expect(kindsTo(THIEF)).toEqual(['confirm_new_email', 'account_deleted'])
  })

  it('is notified in time even if other notices have used up their limits', async () => {
    const ctx = await productionContext(engine, { mailsPerMailbox: 1, mailsPerHour: 1 })
    const { all, kindsTo, signIn, takeAddress } = await startTakeover(ctx, memoryMailer())
    let sessionToken = await signIn()
    for (const [currentPassword, newPassword] of [
      [PASSWORD, NEW_PASSWORD],
      [NEW_PASSWORD, PASSWORD],
    ] as const) {
      sessionToken = (await account.changePassword(ctx, { currentPassword, newPassword }, { sessionToken }))
        .sessionToken
      await signIn(newPassword)
      await all()
    }
    expect(kindsTo()).toEqual(['password_changed', 'new_device'])
    await takeAddress(sessionToken)
    await all()
    expect(kindsTo().slice(2)).toEqual(ADDRESS_NOTICES)
  })

  it('is notified before other due mail is sent', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const { signIn } = await startTakeover(ctx, mailer)
    const sessionToken = await signIn()
    for (let user = 0; user < 20; user++)
      await createAccount(ctx, { email: `user${user}@example.com`, password: PASSWORD }, {})
    ctx.now.advance(1)
    await account.changePassword(
      ctx,
      { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
      { sessionToken },
    )
    await account.changeEmail(ctx, { email: THIEF }, { sessionToken: await signIn(NEW_PASSWORD) })
    expect(await sender(ctx, mailer).once()).toBe(2)
    expect(mailer.mails.map(({ to, kind }) => `${to} ${kind}`).sort()).toEqual([
      `${BOB} email_change_requested`,
      `${BOB} password_changed`,
    ])
  })

  it('receives no link to the deleted account, and neither does the thief', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const { all, signIn } = await startTakeover(ctx, mailer)
    const sessionToken = await signIn()
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    await account.register(ctx, { email: BOB, password: PASSWORD }, {})
    await account.changeEmail(ctx, { email: THIEF }, { sessionToken })
    await account.delete(ctx, { sessionToken })
    // The requested address is deleted too.
    expect(JSON.stringify(await everyRow(ctx.db))).not.toContain(THIEF)
    await all()
    expect(mailer.mails.map(({ to, kind }) => `${to} ${kind}`).sort()).toEqual(
      ['account_deleted', 'email_change_requested', 'new_device'].map((kind) => `${BOB} ${kind}`),
    )
    expect((await everyRow(ctx.db)).tokens).toEqual([])
  })

  it('receives no link that was queued during the deletion', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const { all } = await startTakeover(ctx, mailer)
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    // Bypasses the use case, as if a concurrent request had queued the mail.
    await ctx.db.deleteFrom('users').execute()
    expect(await countMail(ctx.db)).toBe(1)
    await all()
    expect(mailer.mails).toEqual([])
    expect(await countMail(ctx.db)).toBe(0)
  })
})

onEachEngine('a notice that outlives its account', (engine) => {
  /** Notices to an address that no longer belongs to an account. */
  async function deletedAccount() {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer(down)
    const { all, signIn } = await startTakeover(ctx, mailer)
    const sessionToken = await signIn()
    await all()
    await account.delete(ctx, { sessionToken })
    return { ctx, all }
  }

  it('expires like other mail and is recorded in the audit log', async () => {
    const { ctx, all } = await deletedAccount()
    ctx.now.advance(MAIL_LIFETIME_SECONDS + 1)
    await all()
    expect((await everyRow(ctx.db)).outbox).toEqual([])
    expect((await givenUp(ctx)).map(({ reason, userId, details }) => [reason, userId, details.kind])).toEqual(
      expect.arrayContaining([
        ['expired', null, 'account_deleted'],
        ['expired', null, 'new_device'],
      ]),
    )
  })

  it('is deleted by the clean-up if no instance sends mail', async () => {
    const { ctx } = await deletedAccount()
    await account.requestPasswordReset(ctx, { email: 'nobody@example.com' }, {})
    ctx.now.advance(MAIL_LIFETIME_SECONDS + 300)
    expect(await deleteExpired(ctx)).toMatchObject({ mails: 0 })
    ctx.now.advance(0.001)
    expect(await deleteExpired(ctx)).toMatchObject({ mails: 3 })
    expect((await everyRow(ctx.db)).outbox).toEqual([])
    // Decoys are not recorded.
    expect(await givenUp(ctx)).toMatchObject([{ reason: 'expired' }, { reason: 'expired' }])
  })
})
