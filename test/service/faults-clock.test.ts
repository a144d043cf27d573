/** A clock that jumps by an hour or a year in either direction. */
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CHEAP_HASHER, freshAuth, migratedDatabase, onEachEngine } from '../support/engines.ts'
import {
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
  until,
  untilNoMailWaits,
} from '../support/production.ts'

const EMAIL = 'alice@example.com'
const HOUR = 3_600
const DAY = 24 * HOUR
const YEAR = 365 * DAY
/** The longest wait, as in docs/security/throttling.md. */
const LONGEST_WAIT = 900

const STEPS = [
  { step: 'an hour forward', seconds: HOUR },
  { step: 'an hour back', seconds: -HOUR },
  { step: 'a year forward', seconds: YEAR },
  { step: 'a year back', seconds: -YEAR },
]

onEachEngine('a clock that jumps', (engine) => {
  describe.each(STEPS)('$step', ({ seconds }) => {
    it('extends no throttling wait beyond the maximum', async () => {
      const { auth, now } = await productionAuth(engine)
      await auth.users.create({ email: EMAIL, password: PASSWORD, confirmed: true })
      const logIn = (password: string) =>
        auth.signIn.withPassword({ email: EMAIL, password }, { ip: '192.0.2.7' })
      const fail = () => expect(logIn('wrong')).rejects.toMatchObject({ code: 'invalid_credentials' })
      // Until the waits reach the maximum.
      for (let count = 1; count <= auth.options.loginFailuresPerAccount + 10; count++) {
        await fail()
        if (count >= auth.options.loginFailuresPerAccount) now.advance(LONGEST_WAIT)
      }
      await fail()
      await expect(logIn(PASSWORD)).rejects.toMatchObject({
        code: 'too_many_attempts',
        retryAfterSeconds: LONGEST_WAIT,
      })

      now.advance(seconds)
      const { retryAfterSeconds = 0 } = await logIn('wrong').then(
        () => expect.unreachable(),
        (error: { retryAfterSeconds?: number }) => error,
      )
      expect(retryAfterSeconds).toBeLessThanOrEqual(LONGEST_WAIT)
      now.advance(LONGEST_WAIT)
      expect((await logIn(PASSWORD)).next).toBe('signed_in')
    })

    it('sends new mail at once and waiting mail within two hours', async () => {
      let isWell = false
      const mailer = memoryMailer(() => {
        if (!isWell) throw new Error('the mail server is away')
      })
      const { auth, now } = await productionAuth(engine, { mailer })
      for (const email of [EMAIL, 'bob@example.com'])
        await auth.users.create({ email, password: PASSWORD, confirmed: true })
      await auth.account.requestPasswordReset({ email: EMAIL })
      await until(async () => (await auth.delivery.count()) === 1)

      isWell = true
      now.advance(seconds)
      await auth.account.requestPasswordReset({ email: 'bob@example.com' })
      await until(() => mailer.mails.some(({ to }) => to === 'bob@example.com'))
      now.advance(2 * HOUR)
      // A request for an unknown address wakes the worker.
      await auth.account.requestPasswordReset({ email: 'nobody@example.com' })
      await untilNoMailWaits(auth)
      const given = await Array.fromAsync(auth.audit.list({ action: 'give_up_mail' }))
      // Mail expires after three days.
      if (seconds > 3 * DAY) expect(given).toMatchObject([{ reason: 'expired' }])
      else expect(mailer.mails.map(({ to }) => to).toSorted()).toEqual([EMAIL, 'bob@example.com'])
    })

    it('extends sessions and tokens by no more than the clock was set back', async () => {
      const { auth, now, mailedLink } = await productionAuth(engine)
      await auth.users.create({ email: EMAIL, password: PASSWORD, confirmed: true })
      const { sessionLifetimeSeconds, resetTokenLifetimeSeconds } = auth.options
      const sessionToken = await auth.createSession(EMAIL)
      await auth.account.requestPasswordReset({ email: EMAIL })
      const { token } = await mailedLink('reset_password')
      const userOf = async () => (await auth.getUserFromSessionId(sessionToken))?.email ?? null

      now.advance(seconds)
      const setBack = Math.max(-seconds, 0)
      expect(await userOf()).toBe(seconds > sessionLifetimeSeconds ? null : EMAIL)
      now.advance(resetTokenLifetimeSeconds + setBack)
      await expect(auth.updatePassword(token, NEW_PASSWORD)).rejects.toMatchObject({
        code: 'invalid_reset_token',
      })
      // Used every six days, so that the idle limit does not end it.
      const left = sessionLifetimeSeconds - resetTokenLifetimeSeconds
      for (let used = 0; used < left; used += 6 * DAY) {
        await userOf()
        now.advance(Math.min(6 * DAY, left - used))
      }
      expect(await userOf()).toBeNull()
    })

    it('breaks no use case', async () => {
      // Keeps audit records from a year ago.
      const { auth, now, newMails, mailedLink } = await productionAuth(engine, { auditRetentionDays: 1_000 })
      async function live(email: string): Promise<void> {
        await auth.account.register({ email, password: PASSWORD }, { ip: '192.0.2.7' })
        const { token } = await mailedLink('verify_email')
        await auth.account.confirmEmail({ token, password: PASSWORD })
        const { sessionToken } = await auth.signIn.withPassword(
          { email, password: PASSWORD },
          { ip: '192.0.2.7' },
        )
        expect((await auth.getUserFromSessionId(sessionToken))?.email).toBe(email)
        expect(await auth.sessions.list({ sessionToken })).toHaveLength(1)
        const renewed = await auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken })
        expect((await auth.account.export({ sessionToken: renewed.sessionToken })).account.email).toBe(email)
        await auth.account.requestPasswordReset({ email })
        const reset = await mailedLink('reset_password')
        await auth.account.resetPassword({ resetToken: reset.token, newPassword: NEW_PASSWORD })
        expect((await auth.signIn.withPassword({ email, password: NEW_PASSWORD })).next).toBe('signed_in')
        await auth.deleteExpired()
        expect(await auth.isReady()).toBe(true)
        // The second notice follows ten minutes after the first.
        await newMails()
      }
      await live(EMAIL)
      now.advance(seconds)
      await live('bob@example.com')
      now.advance(-seconds)
      await live('carol@example.com')
      const actions = (await Array.fromAsync(auth.audit.list())).map(({ action }) => action)
      expect(actions.filter((action) => action === 'reset_password')).toHaveLength(3)
    })
  })
})

it('the clean-up works if the clock of PostgreSQL is behind', async () => {
  const databaseUrl = await migratedDatabase('postgres')
  const options = { databaseUrl, auditRetentionDays: 1, hasher: CHEAP_HASHER }
  // Its audit record expired half a minute ago.
  const earlier = await freshAuth('postgres', {
    ...options,
    now: () => new Date(Date.now() - 1_000 * (DAY + 30)),
  })
  await earlier.registerUser(EMAIL, 'b4l0u')
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  onTestFinished(() => client.end())
  await client.query(`
    create function public.clock_timestamp() returns timestamptz language sql as
      $$ select pg_catalog.clock_timestamp() - interval '1 minute' $$;
    do $$ begin
      execute format('alter database %I set search_path = public, pg_catalog', current_database());
    end $$
  `)
  const auth = await freshAuth('postgres', options)
  expect(await auth.deleteExpired()).toMatchObject({ auditRecords: 0 })
})
