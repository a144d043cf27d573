/** Attacks on recovery codes: using one twice, guessing one, measuring the work. */
import { expect, it } from 'vitest'
import { checkRecoveryCode } from '../../src/auth/factors/recovery-codes.ts'
import { CHEAP_HASHER, onBothEngines, onEachEngine, watchedHasher } from '../support/engines.ts'
import { productionContext } from '../support/production.ts'
import { sessionIn } from '../support/send.ts'
import { stage } from './member.ts'
import { outcome, tally } from './support.ts'

onBothEngines('a recovery code', (engine) => {
  it('signs in once, even if sent twenty times at once, and not after a new set [RCV-02]', async () => {
    const on = await stage(engine, { factorFailuresPerAccount: 100 })
    const { app } = await on.member({ app: true, codes: true })
    const [code = '', kept = ''] = app.recoveryCodes
    const loginToken = await on.wait()
    const post = (typed: string, token: string) =>
      on.ask('POST', '/sessions/recovery_code', { json: { code: typed }, loginToken: token })
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(code, loginToken)))
    const outcomes = await Promise.all(answers.map((answer) => outcome(answer.clone())))
    expect(tally(outcomes)['200']).toBe(1)
    for (const each of outcomes) expect(each).toMatch(/^200$|^401 (?:invalid_code|pending_login_required)$/)
    const used = answers[outcomes.indexOf('200')] ?? expect.unreachable()
    const { new_recovery_code, recovery_codes_left } = (await used.clone().json()) as Record<string, unknown>
    expect(recovery_codes_left).toBe(10)
    const sessionToken = sessionIn(used) ?? expect.unreachable()
    expect(await on.go('POST', '/profile/recovery_codes', { sessionToken })).toBe('200')
    const next = await on.wait()
    for (const old of [code, kept, String(new_recovery_code)])
      expect(await outcome(post(old, next))).toBe('401 invalid_code')
  })
})

onEachEngine('a recovery code', (engine) => {
  it('takes the same work at a position without a code', async () => {
    let hashes = 0
    const counting = watchedHasher(() => void hashes++)
    const ctx = await productionContext(engine, { hasher: counting })
    const on = await stage(engine, { databaseUrl: ctx.options.databaseUrl })
    const { id } = await on.member({ app: true })
    const { findUserById } = await import('../../src/db/index.ts')
    const user = (await findUserById(ctx.db, id)) ?? expect.unreachable()
    const hash = await CHEAP_HASHER.hash('another code')
    await on.db.updateTable('recovery_codes').set({ code_hash: hash }).execute()
    const work: number[] = []
    for (const position of [0, 9]) {
      hashes = 0
      await expect(checkRecoveryCode(ctx, user, `${position}${'0'.repeat(13)}`, {})).rejects.toMatchObject({
        code: 'invalid_code',
      })
      work.push(hashes)
    }
    expect(work).toEqual([1, 1])
  })

  it('cannot be guessed over fresh sign-ins [MFA-03]', async () => {
    const on = await stage(engine, { factorFailuresPerAccount: 3 })
    await on.member({ app: true })
    const outcomes: string[] = []
    for (let guess = 0; guess < 5; guess++)
      outcomes.push(
        await on.go('POST', '/sessions/recovery_code', {
          json: { code: `9${'0'.repeat(13)}` },
          loginToken: await on.wait(),
        }),
      )
    expect(tally(outcomes)).toEqual({ '401 invalid_code': 3, '429 too_many_attempts': 2 })
  })
})
