/** Attacks on the codes in mail, over HTTP. */
import { expect, it } from 'vitest'
import { randomSecret } from '../../src/lib/random.ts'
import { onEachEngine } from '../support/engines.ts'
import { PASSWORD, productionAuth } from '../support/production.ts'
import { type Send, send, sessionIn } from '../support/send.ts'
import { addMember, GENEROUS, outcome, PWNED, VICTIM } from './support.ts'

onEachEngine('a mailed code', (engine) => {
  async function scene(options: Parameters<typeof productionAuth>[1] = {}) {
    const { auth, newMails, now } = await productionAuth(engine, { ...GENEROUS, ...options })
    const post = (path: string, browserToken: string, json: Send['json']) =>
      send(auth, 'POST', path, { json, browserToken })
    return {
      auth,
      now,
      post,
      /** The code of the latest mail, or `undefined`. */
      latest: async () => (await newMails()).findLast(({ code }) => code !== null)?.code ?? undefined,
      ask: (browserToken: string) =>
        post('/mail_codes', browserToken, { purpose: 'reset_password', email: VICTIM }),
      reset: (browserToken: string, code: string | undefined) =>
        outcome(post('/mail_codes/reset_password', browserToken, { code, new_password: PWNED })),
      register: (browserToken: string, password: string) =>
        post('/users', browserToken, { email: VICTIM, password }),
      confirm: (browserToken: string, code: string | undefined, password?: string) =>
        post('/mail_codes/confirm_email', browserToken, { code, password }),
    }
  }

  it('does not work in another browser, whatever that browser has requested', async () => {
    const { auth, ask, reset, latest } = await scene()
    await addMember(auth)
    const [own, other] = [randomSecret(), randomSecret()]
    await ask(own)
    const code = await latest()
    expect(await reset(other, code)).toBe('401 invalid_code')
    await ask(other)
    expect(await reset(other, code)).toBe('401 invalid_code')
    expect(await reset(own, code)).toBe('200')
  })

  it('CVE-2025-64102: cannot be guessed by requesting it again, from several browsers, or all at once', async () => {
    const { auth, ask, reset, latest } = await scene()
    await addMember(auth)
    const browsers = Array.from({ length: 8 }, randomSecret)
    for (const browser of browsers) await ask(browser)
    await latest()
    const outcomes = await Promise.all(browsers.map((browser) => reset(browser, '00000000')))
    expect(outcomes.filter((each) => each === '401 invalid_code')).toHaveLength(5)
    expect(outcomes.filter((each) => each === '429 too_many_attempts')).toHaveLength(3)
    // A new code allows no new guesses, and the right password does not clear the count.
    const fresh = randomSecret()
    await ask(fresh)
    const code = await latest()
    expect(
      await outcome(send(auth, 'POST', '/sessions', { json: { email: VICTIM, password: PASSWORD } })),
    ).toBe('200')
    expect(await reset(fresh, code)).toBe('429 too_many_attempts')
  })

  it('is void after five wrong guesses, so that waiting does not help', async () => {
    const { auth, now, ask, reset, latest } = await scene()
    await addMember(auth)
    const browser = randomSecret()
    await ask(browser)
    const code = await latest()
    for (let guess = 0; guess < 5; guess++) expect(await reset(browser, '00000000')).toBe('401 invalid_code')
    now.advance(2)
    expect(await reset(browser, code)).toBe('401 invalid_code')
  })

  it('does not confirm an address for the attacker who registered it, without the code', async () => {
    const { register, confirm, latest } = await scene()
    const [attacker, victim] = [randomSecret(), randomSecret()]
    await register(attacker, PWNED)
    const code = await latest()
    // The victim has the code, but the browser of the attacker is not theirs.
    expect(await outcome(confirm(victim, code))).toBe('401 invalid_code')
    expect(await outcome(confirm(attacker, '00000000'))).toBe('401 invalid_code')
    // The victim registers too. The mail has no code, since the account of the attacker exists.
    await register(victim, PASSWORD)
    expect(await latest()).toBeUndefined()
    expect(await outcome(confirm(victim, code))).toBe('401 invalid_code')
  })

  it('does not sign in an attacker who planted the cookie in the browser of the victim but cannot read the mail', async () => {
    const { auth, register, confirm, latest } = await scene()
    const planted = randomSecret()
    // The victim registers in a browser whose cookie the attacker knows, because it is kept.
    await register(planted, PASSWORD)
    const code = await latest()
    // From elsewhere, with the same cookie, the attacker can only guess.
    await register(planted, PWNED)
    expect(await latest()).toBeUndefined()
    expect(await outcome(confirm(planted, '00000000'))).toBe('401 invalid_code')
    // The registration of the attacker replaced that of the victim, so this code confirms nothing.
    const answer = await confirm(planted, code)
    expect(sessionIn(answer)).toBeUndefined()
    expect(await outcome(answer)).toBe('401 invalid_code')
    // A code that is requested again needs the password, which only the victim knows.
    const again = { purpose: 'confirm_email', email: VICTIM }
    await send(auth, 'POST', '/mail_codes', { json: again, browserToken: planted })
    const second = await latest()
    expect(await outcome(confirm(planted, second, PWNED))).toBe('401 invalid_credentials')
    expect(await outcome(confirm(planted, second, PASSWORD))).toBe('200')
  })

  it('does not confirm the account of an attacker for a victim who registers in a browser with a planted cookie', async () => {
    const { register, confirm, latest } = await scene()
    const planted = randomSecret()
    await register(planted, PWNED)
    const first = await latest()
    // The victim's own registration is not a repetition of the attacker's, because the password is another one.
    await register(planted, PASSWORD)
    expect(await latest()).toBeUndefined()
    expect(await outcome(confirm(planted, first))).toBe('401 invalid_code')
  })
})
