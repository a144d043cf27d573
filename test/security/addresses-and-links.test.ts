/** Requirements on addresses and mailed links. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { Hasher } from '../../src/options/index.ts'
import { CHEAP_HASHER, freshAuth, onEachEngine, testClock } from '../support/engines.ts'
import {
  CLASSIC_PASSWORD,
  EMAIL,
  expectRandom,
  logIn,
  rowsOf,
  secretOf,
  tablesOf,
} from '../support/security.ts'
import { send } from '../support/send.ts'

onEachEngine('an address', (engine) => {
  it('is the same in every flow in any spelling, and is shown as it was entered [EML-01]', async () => {
    const entered = 'Böb.B+tag@BÜCHER.example'
    const spellings = [
      ' böb.b+tag@bücher.example ',
      'BÖB.B+TAG@xn--bcher-kva.EXAMPLE',
      'bo\u0308b.b+tag@bu\u0308cher.example',
    ]
    const others = ['böbb+tag@bücher.example', 'böb.b@bücher.example', 'bob.b+tag@bücher.example']
    const auth = await freshAuth(engine, {
      loginFailuresPerAccount: 3,
      resetRequestsPerAccount: 9,
      now: testClock(),
    })
    const ask = async (method: string, path: string, fields: Record<string, string>) => {
      const answer = await send(auth, method, path, { form: fields })
      const { email, reset_token } = (await answer.json()) as Record<string, string>
      return { status: answer.status, email, reset_token }
    }
    await auth.registerUser(entered, CLASSIC_PASSWORD)
    for (const email of spellings) {
      expect(await ask('POST', '/users', { email, password: 'x' })).toMatchObject({ status: 400 })
      const login = await ask('POST', '/sessions', { email, password: CLASSIC_PASSWORD })
      expect(login).toMatchObject({ status: 200, email: entered })
      const { status, email: shown, reset_token = '' } = await ask('POST', '/reset_password', { email })
      expect([status, shown]).toEqual([200, entered])
      const reset = await ask('PUT', '/reset_password', {
        email,
        reset_token,
        new_password: CLASSIC_PASSWORD,
      })
      expect(reset).toMatchObject({ status: 200, email: entered })
      expect((await auth.db.findUserBy({ email })).email).toBe(entered)
    }
    expect((await auth.db.findUserBy({ email: entered })).email).toBe(entered)
    const rows = await (await tablesOf(auth)).selectFrom('users').select('normalized_email').execute()
    expect(rows).toEqual([{ normalized_email: 'böb.b+tag@xn--bcher-kva.example' }])
    // The counters agree: three spellings make three failures of one account.
    for (const email of spellings)
      expect(await ask('POST', '/sessions', { email, password: 'wrong' })).toMatchObject({ status: 401 })
    expect(await ask('POST', '/sessions', { email: entered, password: CLASSIC_PASSWORD })).toMatchObject({
      status: 429,
    })
    for (const email of others)
      expect(await ask('POST', '/users', { email, password: 'x' })).toMatchObject({ status: 200, email })
    expect(readFileSync('docs/reference/data.md', 'utf8')).toMatch(
      /`normalized_email` \|.*NFC.*lower case.*punycode.*dots and tags stay/,
    )
  })
})

onEachEngine('reset tokens', (engine) => {
  it('have 256 random bits, and are stored as SHA-256 with purpose, account, address and expiry [REC-03, CRY-01]', async () => {
    const now = testClock()
    const auth = await freshAuth(engine, { now, throttle: false })
    const bob = await auth.registerUser('Bob@Example.com', CLASSIC_PASSWORD)
    const values: string[] = []
    for (let count = 0; count < 200; count++) values.push(await auth.getResetPasswordToken(EMAIL))
    expectRandom(values.map(secretOf))
    const rows = await (await tablesOf(auth)).selectFrom('tokens').selectAll().execute()
    const [id, secret = ''] = values.at(-1)?.split('.') ?? []
    expect(rows.map((row) => ({ ...row, secret_hash: Buffer.from(row.secret_hash) }))).toEqual([
      {
        id,
        purpose: 'reset_password',
        user_id: bob.id,
        email: bob.email,
        secret_hash: createHash('sha256').update(secret).digest(),
        created_at: now().getTime(),
        expires_at: now().getTime() + 3_600_000,
      },
    ])
  })

  it('are used up only if the password change succeeds [REC-06]', async () => {
    let broken = false
    // The store refuses a zero byte, so the change fails after the token was taken.
    const hasher: Hasher = {
      ...CHEAP_HASHER,
      hash: async (password) => (broken ? '\0' : CHEAP_HASHER.hash(password)),
    }
    const auth = await freshAuth(engine, { hasher })
    await auth.registerUser(EMAIL, CLASSIC_PASSWORD)
    const session = await logIn(auth)
    const token = await auth.getResetPasswordToken(EMAIL)
    const db = await tablesOf(auth)
    const before = await rowsOf(db)
    broken = true
    await expect(auth.updatePassword(token, 'new')).rejects.toThrow('hashedPassword must be text')
    expect(await rowsOf(db)).toBe(before)
    expect(await auth.getUserFromSessionId(session)).not.toBeNull()
    broken = false
    await auth.updatePassword(token, 'new')
    expect(await auth.validLogin(EMAIL, 'new')).toBe(true)
  })
})
