/** Attacks on authenticator apps: their secrets, and the codes that they show. */
import { expect, it } from 'vitest'
import { decodeBase32 } from '../../src/lib/base32.ts'
import { totpCode, totpStep } from '../../src/lib/totp.ts'
import { onBothEngines, onEachEngine } from '../support/engines.ts'
import { everyRow } from '../support/production.ts'
import { stage, whereabouts } from './member.ts'
import { MALLORY, outcome, tally, VICTIM } from './support.ts'

onEachEngine('an app', (engine) => {
  it('gets a new secret, shown only then, and works once a code has confirmed it [TOTP-01, TOTP-04]', async () => {
    const on = await stage(engine)
    const secrets: string[] = []
    for (const email of [VICTIM, MALLORY]) {
      await on.member({}, email)
      const sessionToken = await on.session(email)
      const begun = await on.ask('POST', '/profile/totp', { json: {}, sessionToken })
      const { secret } = (await begun.json()) as { secret: string }
      secrets.push(secret)
      expect(await whereabouts(on, await on.enter(email))).toBe('aal 1')
      expect(await on.go('PUT', '/profile/totp', { json: { code: '000000' }, sessionToken })).toBe(
        '401 invalid_code',
      )
      expect(await whereabouts(on, await on.enter(email))).toBe('aal 1')
      const key = decodeBase32(secret) ?? expect.unreachable()
      expect(key).toHaveLength(20)
      const code = totpCode(key, totpStep(on.now()))
      const confirmed = await on.ask('PUT', '/profile/totp', { json: { code }, sessionToken })
      expect(confirmed.status).toBe(200)
      expect(await whereabouts(on, await on.enter(email))).toBe('second_factor totp recovery_code')
      // Neither the database nor an answer has it.
      const strong = await on.session(email, 'pwd otp mfa')
      const answers = [
        await confirmed.text(),
        await (await on.ask('GET', '/profile/factors', { sessionToken: strong })).text(),
        await (await on.ask('POST', '/profile/export', { sessionToken: strong })).text(),
        JSON.stringify(await everyRow(on.db)),
      ].join()
      for (const spelling of [
        secret,
        Buffer.from(key).toString('hex'),
        Buffer.from(key).toString('base64url'),
      ])
        expect(answers).not.toContain(spelling)
      const anew = await on.ask('POST', '/profile/totp', { json: {}, sessionToken: strong })
      secrets.push(((await anew.json()) as { secret: string }).secret)
    }
    expect(new Set(secrets).size).toBe(4)
  })

  it.each([
    [0, [0]],
    [1, [-1, 0, 1]],
  ])('may be %i steps of 30 seconds ahead or behind [TOTP-03]', async (totpDriftSteps, right) => {
    const on = await stage(engine, { totpDriftSteps })
    const { app } = await on.member({ app: true })
    const accepted: number[] = []
    for (const steps of [-3, -2, -1, 0, 1, 2, 3]) {
      // The clock of the server decides, at any second of a step.
      on.now.advance(90 + 29)
      const before = on.now().getTime()
      const answer = await on.finish(app.codeAt(steps), await on.wait())
      expect(on.now().getTime()).toBe(before)
      if (answer.status === 200) accepted.push(steps)
      await on.db.updateTable('totp').set({ last_step: 1, failures: 0 }).execute()
    }
    expect(accepted).toEqual(right)
  })
})

onBothEngines('a code of an app', (engine) => {
  it('signs in once, even if sent twenty times at once [TOTP-02]', async () => {
    const on = await stage(engine, { factorFailuresPerAccount: 100 })
    const { app } = await on.member({ app: true })
    const tokens: string[] = []
    for (let more = 0; more < 5; more++) tokens.push(await on.wait())
    const code = app.codeAt()
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => outcome(on.finish(code, tokens[index % 5]))),
    )
    expect(tally(outcomes)['200']).toBe(1)
    for (const each of outcomes) expect(each).toMatch(/^200$|^401 (?:invalid_code|pending_login_required)$/)
    expect(await on.db.selectFrom('sessions').select('id').execute()).toHaveLength(1)
  })

  it('is refused for another account, after its time, a second time, or after it has confirmed the app [TOTP-02, TOTP-03]', async () => {
    const on = await stage(engine, { factorFailuresPerAccount: 100 })
    const { app } = await on.member({ app: true })
    const mallory = await on.member({ app: true }, MALLORY)
    const loginToken = await on.wait()
    const refused = async (code: string, token = loginToken) =>
      expect(await outcome(on.finish(code, token))).toBe('401 invalid_code')
    await refused(mallory.app.codeAt())
    for (const steps of [-2, 2, 3, 2_880]) await refused(app.codeAt(steps))
    const [early, late] = [app.codeAt(1), app.codeAt()]
    expect(await whereabouts(on, await on.finish(early, loginToken))).toBe('aal 2')
    // It used up its step and every older one.
    const next = await on.wait()
    for (const code of [early, late]) await refused(code, next)
    on.now.advance(30)
    for (const code of [early, late]) await refused(code, next)
    // The code that confirms a new app is used up.
    const sessionToken = await on.session(VICTIM, 'pwd otp mfa')
    const setup = await on.auth.factors.startTotp({ sessionToken })
    expect(setup.secret).not.toBe('')
    const renewed = await on.member({ app: true }, 'third@example.com')
    on.now.advance(-60)
    await refused(renewed.app.codeAt(), await on.wait('third@example.com'))
  })

  it('cannot be guessed over fresh sign-ins, in parallel, from many addresses, or on other routes that accept it [MFA-03, LGN-05]', async () => {
    const on = await stage(engine, { factorFailuresPerAccount: 10 })
    const { app } = await on.member({ app: true })
    const sessionToken = await on.session()
    const outcomes: string[] = []
    for (let round = 0; round < 5; round++) {
      const loginToken = await on.wait()
      const guesses = Array.from({ length: 6 }, (_, index) => {
        const request = { ip: `192.0.2.${round * 10 + index}`, ...(index < 5 && { loginToken }) }
        return index < 5
          ? outcome(on.finish('000000', loginToken, request))
          : on.go('POST', '/reauthenticate', { json: { totp: '000000' }, sessionToken, ...request })
      })
      outcomes.push(...(await Promise.all(guesses)))
    }
    expect(tally(outcomes)).toEqual({ '401 invalid_code': 10, '429 too_many_attempts': 20 })
    // Not even the right one is checked.
    expect(await outcome(on.finish(app.codeAt(), await on.wait()))).toBe('429 too_many_attempts')
    const json = { totp: app.codeAt() }
    expect(await on.go('POST', '/reauthenticate', { json, sessionToken })).toBe('429 too_many_attempts')
  })
})

onEachEngine('the sealed secret of an app', (engine) => {
  it('does not open in the row of another account [TOTP-04, CRY-03]', async () => {
    const on = await stage(engine)
    const members = [await on.member({ app: true }), await on.member({ app: true, passkey: true }, MALLORY)]
    const rows = await on.db
      .selectFrom('totp')
      .select(['user_id', 'sealed_secret'])
      .orderBy('user_id')
      .execute()
    for (const [index, { user_id }] of rows.entries())
      await on.db
        .updateTable('totp')
        .set({ sealed_secret: rows[1 - index]?.sealed_secret ?? null })
        .where('user_id', '=', user_id)
        .execute()
    for (const { email, app } of members)
      for (const code of [app.codeAt(), members[0]?.app.codeAt() ?? ''])
        expect(await outcome(on.finish(code, await on.wait(email)))).toBe('503 unavailable')
    // Another factor of the account works.
    const loginToken = await on.wait(MALLORY)
    const json = await on.assertion(members[1]?.authenticator ?? expect.unreachable(), 'second_factor', {
      loginToken,
    })
    expect(await whereabouts(on, await on.ask('POST', '/sessions/passkey', { json, loginToken }))).toBe(
      'aal 2',
    )
  })

  it('does not open with any byte altered, and no attempt is counted [TOTP-04, CRY-03]', async () => {
    const on = await stage(engine, { factorFailuresPerAccount: 2 })
    const { id, app } = await on.member({ app: true })
    const { sealed_secret } = await on.db.selectFrom('totp').select('sealed_secret').executeTakeFirstOrThrow()
    const sealed = sealed_secret ?? expect.unreachable()
    const store = (bytes: Uint8Array) =>
      on.db.updateTable('totp').set({ sealed_secret: bytes }).where('user_id', '=', id).execute()
    const loginToken = await on.wait()
    for (let index = 0; index < sealed.length; index++) {
      const altered = Buffer.from(sealed)
      altered[index] = (altered[index] ?? 0) ^ 1
      await store(altered)
      expect(await outcome(on.finish(app.codeAt(), loginToken)), `byte ${index}`).toBe('503 unavailable')
    }
    for (const bytes of [
      sealed.subarray(0, -1),
      Buffer.concat([sealed, Buffer.from([0])]),
      Buffer.alloc(1),
    ]) {
      await store(bytes)
      expect(await outcome(on.finish(app.codeAt(), loginToken))).toBe('503 unavailable')
    }
    await store(sealed)
    expect(await whereabouts(on, await on.finish(app.codeAt(), loginToken))).toBe('aal 2')
  })
})
