/** Sign-in with other providers, over HTTP: whom it signs in, and what must fail. */
import { expect, it } from 'vitest'
import type { AddProviderRequest } from '../../src/auth/index.ts'
import type { Auth } from '../../src/index.ts'
import { type EngineName, onBothEngines, onEachEngine } from '../support/engines.ts'
import { addTotp } from '../support/factors.ts'
import { FAKE_CLIENT, FAKE_PERSON, type FakeProvider, startFakeProvider } from '../support/fake-provider.ts'
import { PASSWORD, type Production, productionAuth } from '../support/production.ts'
import { comeBack, logoutTokenOf } from '../support/providers.ts'
import { send } from '../support/send.ts'
import { fieldValue, Visitor } from '../support/visitor.ts'
import { addMember, GENEROUS, outcome, tally } from './support.ts'

const LOOPBACK = { ...GENEROUS, outboundPrivate: 'localhost,127.0.0.0/8' }
const ANNA = FAKE_PERSON.email

/** A person who uses a provider. */
class Person extends Visitor {
  /** Goes to the provider, agrees there, and comes back. */
  async comesBackFrom(fake: FakeProvider, path = '/sign_in/with/acme', form: Record<string, string> = {}) {
    return this.open(await this.agreesAt(fake, path, form))
  }

  /** Goes to the provider and agrees there. @returns The callback. */
  async agreesAt(fake: FakeProvider, path = '/sign_in/with/acme', form: Record<string, string> = {}) {
    const callback = fake.authorize(await this.wayTo(path, form))
    return callback.pathname + callback.search
  }

  /** Where the page leads. */
  async wayTo(path = '/sign_in/with/acme', form: Record<string, string> = {}): Promise<URL> {
    const { html, status } = await this.submit(path, form)
    const url = /http-equiv="refresh" content="0;url=([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&')
    return new URL(url ?? expect.unreachable(`${path} leads nowhere: ${status}`))
  }

  async isSignedInAs(): Promise<string | null> {
    const { html, status } = await this.open('/account')
    return status === 200 ? (/<dd translate="no">([^<]+@[^<]+)<\/dd>/.exec(html)?.[1] ?? null) : null
  }

  async signsIn(email: string, returnTo = ''): Promise<string> {
    return this.follow(await this.submit('/sign_in', { email, password: PASSWORD, return_to: returnTo }))
  }
}

interface Stage extends Production {
  readonly fake: FakeProvider
  /** What the ID token says about the person, besides the usual. */
  claims: Record<string, unknown>
}

async function stageOn(
  engine: EngineName,
  provider: Partial<AddProviderRequest> = {},
  options = {},
): Promise<Stage> {
  const production = await productionAuth(engine, { ...LOOPBACK, ...options })
  const fake = await startFakeProvider()
  const staged: Stage = { ...production, fake, claims: {} }
  fake.knobs.claims = (claims) => {
    const now = Math.floor(production.now().getTime() / 1_000)
    return { ...claims, iat: now, exp: now + 300, ...staged.claims }
  }
  await addProvider(production.auth, fake, provider)
  return staged
}

onEachEngine('sign-in with a provider', (engine) => {
  const stage = (provider?: Partial<AddProviderRequest>, options?: object) =>
    stageOn(engine, provider, options)

  it('creates an account for a new person, and recognizes them by issuer and subject [FED-01]', async () => {
    const { auth, fake, ...staged } = await stage()
    const person = new Person(auth)
    const back = await person.comesBackFrom(fake, '/sign_in/with/acme', { return_to: '/account/sessions' })
    expect([back.status, back.location]).toEqual([303, '/sign_in?signed_in=&return_to=%2Faccount%2Fsessions'])
    expect(await person.follow(back)).toBe('/account/sessions')
    expect(await person.isSignedInAs()).toBe(ANNA)
    expect(person.cookies.filter((name) => name.includes('login_'))).toEqual([])
    expect((await staged.newMails()).map(({ kind }) => kind)).toContain('identity_connected')
  })

  it('recognizes the identity, not the address [FED-01]', async () => {
    const staged = await stage()
    await new Person(staged.auth).comesBackFrom(staged.fake)
    staged.claims = { email: 'moved@example.org' }
    const again = new Person(staged.auth)
    await again.comesBackFrom(staged.fake)
    expect(await again.isSignedInAs()).toBe(ANNA)
    // Another person at the provider who got the address that the first one had.
    staged.claims = { sub: 'person-2' }
    const other = new Person(staged.auth)
    expect((await other.comesBackFrom(staged.fake)).location).toMatch(/^\/login\/continue\?flow=/)
    expect(await other.isSignedInAs()).toBeNull()
  })

  it('connects an address that has an account only after its owner has signed in, in the same browser [FED-02] [FED-03]', async () => {
    const { auth, fake, newMails } = await stage()
    await addMember(auth, ANNA)
    const person = new Person(auth)
    const { location } = await person.comesBackFrom(fake)
    expect(location).toMatch(/^\/login\/continue\?flow=/)
    const path = location ?? ''
    expect(await person.isSignedInAs()).toBeNull()
    expect((await person.open(path)).html).toContain('You already have an account')
    // Without a session, nobody is connected.
    const flow = new URLSearchParams(path.split('?')[1]).get('flow') ?? ''
    expect((await person.submit('/login/continue', { flow })).location).toMatch(/^\/sign_in/)
    // The address of the page names the flow, but it takes the secret of the browser.
    const guessed = { flowToken: `${flow}.${'A'.repeat(43)}` }
    await expect(auth.providers.waiting(guessed)).rejects.toMatchObject({ code: 'login_flow_required' })
    // Another browser does not have the flow.
    const stranger = new Person(auth)
    await stranger.signsIn((await addMember(auth, 'stranger@example.org')).email)
    expect((await stranger.open(path)).status).toBe(401)
    expect((await stranger.submit('/login/continue', { flow })).status).toBe(401)

    expect(await person.signsIn(ANNA, path)).toBe(path)
    const asked = await person.open(path)
    expect(asked.html).toContain('Connect Acme?')
    const connected = await person.submit('/login/continue', { flow: fieldValue(asked.html, 'flow') ?? '' })
    expect(connected.status).toBe(303)
    expect((await newMails()).map(({ kind }) => kind)).toContain('identity_connected')
    // It works only once.
    expect((await person.submit('/login/continue', { flow })).status).toBe(401)
    const again = new Person(auth)
    await again.comesBackFrom(fake)
    expect(await again.isSignedInAs()).toBe(ANNA)
  })

  it('does not connect an account that somebody made in advance [FED-02]', async () => {
    const { auth, fake } = await stage({ linking: 'verified' })
    // The attacker registers the address of the victim, and never confirms it.
    const user = await auth.users.create({ email: ANNA, password: PASSWORD })
    const sessionToken = await auth.sessions.create({ email: user.email })
    const person = new Person(auth)
    await person.comesBackFrom(fake)
    expect(await person.isSignedInAs()).toBe(ANNA)
    expect(await auth.validLogin(ANNA, PASSWORD)).toBe(false)
    expect(await auth.sessions.current({ sessionToken })).toBeNull()
  })

  it('connects at once where the operator wants it and both sides have verified the address', async () => {
    const { auth, fake } = await stage({ linking: 'verified' })
    await addMember(auth, ANNA)
    const person = new Person(auth)
    await person.comesBackFrom(fake)
    expect(await person.isSignedInAs()).toBe(ANNA)
    expect(await auth.validLogin(ANNA, PASSWORD)).toBe(true)
  })

  it.each([
    ['false as text', { email_verified: 'false' }],
    ['false', { email_verified: false }],
    ['nothing', { email_verified: undefined }],
    ['a number', { email_verified: 1 }],
  ])('CVE-2026-9092: does not trust an address if the provider says %s [FED-01]', async (_, claims) => {
    const staged = await stage({ linking: 'verified' })
    await addMember(staged.auth, ANNA)
    staged.claims = claims
    staged.fake.knobs.userInfo = (said) => ({ ...said, ...claims })
    const person = new Person(staged.auth)
    const { location } = await person.comesBackFrom(staged.fake)
    expect((await person.open(location ?? '')).html).toContain('Enter your email address')
    expect(await person.isSignedInAs()).toBeNull()
  })

  it('creates the account of an unverified address once the mailed code is entered in the same browser', async () => {
    const staged = await stage()
    const { auth, fake, newMails } = staged
    staged.claims = { email_verified: false }
    const person = new Person(auth)
    const path = (await person.comesBackFrom(fake)).location ?? ''
    const flow = fieldValue((await person.open(path)).html, 'flow') ?? ''
    const entered = await person.submit('/login/continue/address', { flow, email: 'own@example.org' })
    expect(entered.location).toMatch(/^\/sign_up\/code/)
    expect(await person.isSignedInAs()).toBeNull()
    const [mail] = await newMails()
    const code = /\b(\d{4} \d{4})\b/.exec(mail?.text ?? '')?.[1] ?? expect.unreachable('no code')
    const stranger = new Person(auth)
    await stranger.submit('/sign_up/code', { code, password: '' })
    expect(await stranger.isSignedInAs()).toBeNull()
    await person.submit('/sign_up/code', { code, password: '' })
    expect(await person.isSignedInAs()).toBe('own@example.org')
    const again = new Person(auth)
    await again.comesBackFrom(fake)
    expect(await again.isSignedInAs()).toBe('own@example.org')
  })

  it('answers the same for a taken address, and mails its owner', async () => {
    const staged = await stage()
    staged.claims = { email_verified: false }
    await addMember(staged.auth, 'taken@example.org')
    const answers = []
    for (const email of ['taken@example.org', 'free@example.org']) {
      staged.claims = { ...staged.claims, sub: email }
      const person = new Person(staged.auth)
      const path = (await person.comesBackFrom(staged.fake)).location ?? ''
      const flow = new URLSearchParams(path.split('?')[1]).get('flow') ?? ''
      const { status, location, html } = await person.submit('/login/continue/address', { flow, email })
      answers.push([
        status,
        location?.replace(encodeURIComponent(email), 'EMAIL'),
        html,
        person.cookies
          .sort()
          .join()
          .replace(/login_\w+/g, 'login_'),
      ])
    }
    expect(answers[0]).toEqual(answers[1])
    const mails = await staged.newMails()
    expect(mails.map(({ to, kind }) => `${kind} ${to}`).sort()).toEqual([
      'account_exists taken@example.org',
      'set_password free@example.org',
    ])
  })

  it('does not reveal by the limit on passwords whether an address was taken, once another one is entered [LGN-07]', async () => {
    const staged = await stage({}, { loginFailuresPerAccount: 3, registrationAnswer: 'uniform' })
    const { auth, fake } = staged
    staged.claims = { email_verified: false }
    await auth.users.create({ email: 'taken@example.org', password: PASSWORD, confirmed: true })
    const enter = async (email: string) => {
      const person = new Person(auth)
      const path = await person.follow(await person.comesBackFrom(fake))
      const flow = new URLSearchParams(path.split('?')[1]).get('flow') ?? ''
      return person.submit('/login/continue/address', { flow, email })
    }
    for (const email of ['taken@example.org', 'free@example.org']) {
      expect((await enter(email)).status).toBe(303)
      const form = { email, password: 'wrong' }
      for (let n = 0; n < 3; n++) await send(auth, 'POST', '/sessions', { form })
      expect((await enter('another@example.org')).status).toBe(303)
      expect(await outcome(send(auth, 'POST', '/sessions', { form })), email).toBe('429 too_many_attempts')
    }
  })

  it('does not reveal by the limit on codes whether an address was taken, once another one is entered elsewhere [LGN-07]', async () => {
    const staged = await stage({}, { mailCodeFailuresPerAccount: 3, registrationAnswer: 'uniform' })
    const { auth, fake } = staged
    staged.claims = { email_verified: false }
    await addMember(auth, 'taken@example.org')
    const enter = async (person: Person, email: string) => {
      const path = await person.follow(await person.comesBackFrom(fake))
      const flow = new URLSearchParams(path.split('?')[1]).get('flow') ?? ''
      return person.submit('/login/continue/address', { flow, email })
    }
    for (const email of ['taken@example.org', 'free@example.org']) {
      const person = new Person(auth)
      expect((await enter(person, email)).status).toBe(303)
      expect((await enter(new Person(auth), 'another@example.org')).status).toBe(303)
      const statuses = []
      for (let n = 0; n < 4; n++)
        statuses.push((await person.submit('/sign_up/code', { code: '00000000', password: '' })).status)
      expect(statuses, email).toEqual([401, 401, 401, 429])
    }
  })

  it('passes the gates: a second factor, a disabled account [FED-06]', async () => {
    const staged = await stage()
    const { auth, fake, now } = staged
    staged.claims = { sid: 'laptop' }
    const person = new Person(auth)
    await person.comesBackFrom(fake)
    const id = (await auth.users.find(ANNA))?.user.id ?? expect.unreachable('no account')
    const sessionToken = await auth.sessions.create({ email: ANNA })
    const app = await addTotp(auth, now, { sessionToken })
    const again = new Person(auth)
    expect((await again.comesBackFrom(fake)).location).toMatch(/^\/sign_in\/factor/)
    expect(await again.isSignedInAs()).toBeNull()
    await again.submit('/sign_in/factor', { code: app.codeAt(1) })
    expect(await again.isSignedInAs()).toBe(ANNA)
    // The session still belongs to that at the provider.
    const form = { logout_token: await logoutToken(staged, { jti: '1', sid: 'laptop' }) }
    await send(auth, 'POST', '/login/acme/backchannel_logout', { form })
    expect(await again.isSignedInAs()).toBeNull()
    await auth.users.disable(id)
    const refused = await new Person(auth).comesBackFrom(fake)
    expect([refused.status, refused.html.includes('cannot sign in')]).toEqual([403, true])
    await auth.users.enable(id)
    await auth.users.markPasswordCompromised(id)
    expect((await new Person(auth).comesBackFrom(fake)).status).toBe(403)
  })

  it('creates no account if registration is closed, or the provider must not create accounts', async () => {
    const closed = await stage({}, { registration: 'closed' })
    expect((await new Person(closed.auth).comesBackFrom(closed.fake)).status).toBe(403)
    const existing = await stage({ createsAccounts: false })
    expect((await new Person(existing.auth).comesBackFrom(existing.fake)).status).toBe(403)
    expect(await existing.auth.users.find(ANNA)).toBeNull()
  })

  it('CVE-2025-68481, CVE-2025-46815: works only in the browser that began, once, at one provider [FED-03] [FED-04]', async () => {
    const { auth, fake } = await stage()
    await addProvider(auth, fake, { id: 'other' })
    const person = new Person(auth)
    const callback = await person.agreesAt(fake)
    // Another browser, with and without a flow of its own.
    const mallory = new Person(auth)
    expect((await mallory.open(callback)).status).toBe(401)
    await mallory.wayTo()
    expect((await mallory.open(callback)).status).toBe(401)
    expect(await mallory.isSignedInAs()).toBeNull()
    // At the callback of another provider, with another state, without one.
    const elsewhere = callback.replace('/login/acme/', '/login/other/')
    const stateless = callback.replace(/&state=[^&]*/, '')
    const altered = callback.replace(/(state=[^&]*)./, '$1x')
    for (const wrong of [elsewhere, stateless, altered]) expect((await person.open(wrong)).status).toBe(401)
    // Of parallel callbacks, one succeeds.
    const answers = await Promise.all(Array.from({ length: 20 }, () => person.open(callback)))
    expect(tally(answers.map(({ status }) => String(status)))).toEqual({ 303: 1, 401: 19 })
    expect((await person.open(callback)).status).toBe(401)
  })

  it('CVE-2026-31813: accepts no issuer other than that of the provider [FED-01]', async () => {
    const staged = await stage()
    const { auth, fake } = staged
    const person = new Person(auth)
    staged.claims = { iss: 'https://issuer.evil.example' }
    expect((await person.comesBackFrom(fake)).status).toBe(502)
    expect(await person.isSignedInAs()).toBeNull()
    staged.claims = {}
    await person.comesBackFrom(fake)
    expect(await person.isSignedInAs()).toBe(ANNA)
  })

  it('refuses a code of another browser, because its verifier differs [FED-03]', async () => {
    const { auth, fake } = await stage()
    const [victim, mallory] = [new Person(auth), new Person(auth)]
    const stolen = new URLSearchParams((await victim.agreesAt(fake)).split('?')[1]).get('code') ?? ''
    const own = await mallory.agreesAt(fake)
    const injected = own.replace(/code=[^&]*/, `code=${stolen}`)
    expect((await mallory.open(injected)).status).toBe(502)
    const ways = [await victim.wayTo(), await mallory.wayTo()].map(({ searchParams }) => searchParams)
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(ways[0]?.get(name), name).not.toBe(ways[1]?.get(name))
    expect(await mallory.isSignedInAs()).toBeNull()
  })

  it('ends after ten minutes, and when its provider is disabled', async () => {
    const { auth, fake, now } = await stage()
    const person = new Person(auth)
    const late = await person.agreesAt(fake)
    now.advance(601)
    expect((await person.open(late)).status).toBe(401)
    const callback = await person.agreesAt(fake)
    await auth.providers.disable('acme')
    expect((await person.open(callback)).status).toBe(404)
    expect((await person.submit('/sign_in/with/acme', {})).status).toBe(404)
  })

  it('starts at most fifty in ten minutes for one IP address', async () => {
    const { auth, fake } = await stage({}, { throttle: true })
    const person = new Person(auth)
    await person.wayTo()
    const answers = await Promise.all(
      Array.from({ length: 55 }, () => person.submit('/sign_in/with/acme', {})),
    )
    expect(tally(answers.map(({ status }) => String(status)))).toEqual({ 200: 49, 429: 6 })
    expect(fake.requests.length).toBeLessThan(10)
    // A browser keeps five of its flows.
    const kept = person.cookies.filter((name) => name.includes('login_'))
    expect(kept.length).toBeGreaterThan(0)
  })

  it('CVE-2025-7365, CVE-2026-9087: links only in the fresh session that began it, and moves no identity [FED-02]', async () => {
    const { auth, fake, now } = await stage()
    await addMember(auth, 'first@example.org')
    await addMember(auth, 'second@example.org')
    const [first, second] = [new Person(auth), new Person(auth)]
    await first.signsIn('first@example.org')
    await second.signsIn('second@example.org')
    const link = '/account/identities/link/acme'
    const back = await first.comesBackFrom(fake, link)
    expect(back.location).toBe('/account/identities?done=connected')
    expect((await first.open('/account/identities')).html).toContain(ANNA)
    // It belongs to the first account.
    const taken = await second.comesBackFrom(fake, link)
    expect([taken.status, taken.html.includes('connected to another account')]).toEqual([409, true])
    expect(await second.isSignedInAs()).toBe('second@example.org')
    // The session that began the flow has ended.
    const callback = await second.agreesAt(fake, link)
    await second.submit('/sign_out', {})
    await second.signsIn('second@example.org')
    expect((await second.open(callback)).status).toBe(401)
    // A session that is not fresh cannot begin a flow.
    now.advance(3_600)
    const stale = await first.submit(link, {})
    expect(stale.location).toMatch(/^\/confirm/)
  })

  it('unlinks with a notice, but not the last way to sign in [FED-10]', async () => {
    const { auth, fake, newMails } = await stage()
    const person = new Person(auth)
    await person.comesBackFrom(fake)
    const page = await person.open('/account/identities')
    const identity = fieldValue(page.html, 'identity') ?? expect.unreachable('no identity')
    const last = await person.submit('/account/identities/unlink', { identity })
    expect([last.status, last.html.includes('your only way to sign in')]).toEqual([409, true])
    await person.submit('/account/password', { new_password: PASSWORD })
    expect(await auth.validLogin(ANNA, PASSWORD)).toBe(true)
    await newMails()
    expect((await person.submit('/account/identities/unlink', { identity })).location).toBe(
      '/account/identities?done=disconnected',
    )
    expect((await newMails()).map(({ kind }) => kind)).toEqual(['identity_disconnected'])
    const again = new Person(auth)
    expect((await again.comesBackFrom(fake)).location).toMatch(/^\/login\/continue/)
    expect(await again.isSignedInAs()).toBeNull()
    // Nobody unlinks the identity of another account.
    const other = await auth.users.create({ email: 'o@example.org', password: PASSWORD, confirmed: true })
    const sessionToken = await auth.sessions.create({ email: other.email })
    await expect(auth.identities.unlink({ id: identity }, { sessionToken })).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  it('re-authenticates a user without a password at the provider, and only as the same person [FED-06]', async () => {
    const staged = await stage()
    const { auth, fake, now } = staged
    const person = new Person(auth)
    await person.comesBackFrom(fake)
    now.advance(3_600)
    const sent = await person.open('/account/identities')
    expect(sent.location).toMatch(/^\/confirm/)
    const page = await person.open(sent.location ?? '')
    expect(page.html).toContain('Continue with Acme')
    const way = await person.wayTo('/confirm/with/acme', { return_to: '/account/identities' })
    expect([way.searchParams.get('prompt'), way.searchParams.get('max_age')]).toEqual(['login', '0'])
    const authTime = () => Math.floor(now().getTime() / 1_000)
    // Another person at the provider, an old authentication, and none.
    const confirm = () =>
      person.comesBackFrom(fake, '/confirm/with/acme', { return_to: '/account/identities' })
    staged.claims = { sub: 'person-2', auth_time: authTime() }
    expect((await confirm()).status).toBe(403)
    staged.claims = { auth_time: authTime() - 120 }
    expect((await confirm()).status).toBe(502)
    staged.claims = {}
    expect((await confirm()).status).toBe(502)
    expect((await person.open('/account/identities')).location).toMatch(/^\/confirm/)
    staged.claims = { auth_time: authTime() }
    expect((await confirm()).location).toBe('/account/identities')
    expect((await person.open('/account/identities')).status).toBe(200)
  })

  it('shows what the provider reports only in our own words', async () => {
    const { auth, fake } = await stage()
    fake.knobs.callback = ({ state, iss }) => ({
      state,
      iss,
      error: 'access_denied',
      error_description: '<script>alert(1)</script>',
    })
    const person = new Person(auth)
    const refused = await person.comesBackFrom(fake)
    expect([refused.status, refused.html.includes('alert(1)')]).toEqual([403, false])
  })

  it('leads back to the sign-in with the same target after the person has canceled or the provider failed', async () => {
    const { auth, fake } = await stage()
    fake.knobs.callback = ({ state, iss }) => ({ state, iss, error: 'access_denied' })
    const person = new Person(auth)
    const canceled = await person.comesBackFrom(fake, '/sign_in/with/acme', { return_to: '/app?a=b' })
    expect([canceled.status, canceled.html.includes('href="/sign_in?return_to=%2Fapp%3Fa%3Db"')]).toEqual([
      403,
      true,
    ])
    // Without the cookie of the flow, nobody learns where it led.
    const stranger = await new Person(auth).open(
      await person.agreesAt(fake, undefined, { return_to: '/app' }),
    )
    expect([stranger.status, stranger.html.includes('return_to')]).toEqual([401, false])
    // Connecting was not finished, so its target must not say that it was.
    await person.signsIn((await addMember(auth)).email)
    const link = await person.comesBackFrom(fake, '/account/identities/link/acme')
    expect([link.status, link.html.includes('connected')]).toEqual([403, false])
    fake.knobs.callback = ({ state, iss }) => ({ state, iss, code: 'unknown' })
    const failed = await new Person(auth).comesBackFrom(fake, undefined, { return_to: '/app' })
    expect([failed.status, failed.html.includes('href="/sign_in?return_to=%2Fapp"')]).toEqual([502, true])
  })

  it.each(['//evil.example', 'https://evil.example/', '/\\evil.example', 'javascript:alert(1)'])(
    'does not lead to %s afterwards [API-18]',
    async (target) => {
      const { auth, fake } = await stage()
      const person = new Person(auth)
      const back = await person.comesBackFrom(fake, '/sign_in/with/acme', { return_to: target })
      expect(await person.follow(back)).toBe('/account')
    },
  )

  it('gives programs the URL of the provider as JSON, and refuses another target [API-18]', async () => {
    const { auth } = await stage()
    const call = (body: object) =>
      auth.fetch(
        new Request('https://auth.example.com/login/acme', {
          method: 'POST',
          headers: { 'content-type': 'application/json', origin: 'https://auth.example.com' },
          body: JSON.stringify(body),
        }),
      )
    const started = await call({ return_to: '/app' })
    const { redirect_to } = (await started.json()) as { redirect_to: string }
    expect(new URL(redirect_to).searchParams.get('code_challenge_method')).toBe('S256')
    expect(started.headers.getSetCookie().join()).toMatch(/^__Host-login_[\da-f]{8}=/)
    expect(await outcome(call({ return_to: 'https://evil.example' }))).toBe('400 invalid_field')
  })

  it('redirects a posted answer from another site only to the callback, in the same browser', async () => {
    const { auth, fake } = await stage()
    const [person, mallory] = [new Person(auth), new Person(auth)]
    const callback = await person.agreesAt(fake)
    const form = {
      ...Object.fromEntries(new URLSearchParams(callback.split('?')[1])),
      session_state: 'ignored',
    }
    const post = (headers: Record<string, string>) =>
      send(auth, 'POST', '/login/acme/callback', { form, headers: { accept: 'text/html', ...headers } })
    const posted = await post({ origin: 'https://appleid.apple.com', 'sec-fetch-site': 'cross-site' })
    expect([posted.status, posted.headers.getSetCookie()]).toEqual([303, []])
    const location = posted.headers.get('location') ?? ''
    expect(location).toMatch(/^\/login\/acme\/callback\?/)
    expect((await mallory.open(location)).status).toBe(401)
    expect((await person.open(location)).status).toBe(303)
    expect(await person.isSignedInAs()).toBe(ANNA)
    // No other operation takes forms of other sites.
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    const forged = await send(auth, 'POST', '/sign_in/with/acme', { form: {}, headers: foreign })
    expect(await outcome(forged)).toBe('403 foreign_origin')
  })

  it('shows an operator what a provider publishes', async () => {
    const { auth, fake } = await stage()
    expect(await auth.providers.check('acme')).toMatchObject({
      redirectUri: 'https://auth.example.com/login/acme/callback',
      discovered: { issuer: fake.issuer, keyCount: 1 },
    })
    fake.knobs.document = (document) => ({ ...document, issuer: 'https://evil.example' })
    expect((await auth.providers.check('acme'))?.problem).toMatch(/issuer/)
    expect(await auth.providers.check('nobody')).toBeNull()
  })

  it('stores nothing usable of the provider: no token, verifier or nonce [FED-07]', async () => {
    const { auth, fake, db } = await stage()
    const person = new Person(auth)
    const callback = await person.agreesAt(fake)
    const flows = JSON.stringify(await db.selectFrom('login_flows').selectAll().execute())
    const [code, verifier] = [new URLSearchParams(callback.split('?')[1]).get('code') ?? '-', 'code_verifier']
    await person.open(callback)
    const sent = fake.tokenRequests[0]?.form.get(verifier) ?? expect.unreachable('no verifier')
    const provider = JSON.stringify(await db.selectFrom('providers').selectAll().execute())
    for (const secret of [code, sent, FAKE_CLIENT.clientSecret])
      expect(flows + provider).not.toContain(secret)
  })
})

onBothEngines('sign-in with a provider, in statements that no other test runs,', (engine) => {
  const stage = (provider?: Partial<AddProviderRequest>, options?: object) =>
    stageOn(engine, provider, options)

  it('forgets an address that was entered and never confirmed once the provider has verified one', async () => {
    const staged = await stage()
    const { auth, fake } = staged
    const enter = async (sub: string) => {
      staged.claims = { sub, email_verified: false }
      const person = new Person(auth)
      const path = (await person.comesBackFrom(fake)).location ?? ''
      const flow = new URLSearchParams(path.split('?')[1]).get('flow') ?? ''
      await person.submit('/login/continue/address', { flow, email: `${sub}@example.org` })
      expect((await auth.users.find(`${sub}@example.org`))?.identities).toHaveLength(1)
      staged.claims = { sub }
      return person
    }
    const person = await enter('person-2')
    await person.comesBackFrom(fake)
    expect(await person.isSignedInAs()).toBe(ANNA)
    expect(await auth.users.find('person-2@example.org')).toBeNull()
    // By now an account has the verified address. Its owner can connect the identity, which no longer belongs to another account.
    const other = await enter('person-3')
    const continued = (await other.comesBackFrom(fake)).location ?? ''
    expect((await other.open(continued)).html).toContain(ANNA)
    expect(await other.isSignedInAs()).toBeNull()
    expect(await auth.users.find('person-3@example.org')).toBeNull()
  })

  it('ends the sessions that began at the provider when it says so, by session or by person [FED-08]', async () => {
    const staged = await stage()
    const { auth, fake } = staged
    const [laptop, phone, elsewhere] = [new Person(auth), new Person(auth), new Person(auth)]
    staged.claims = { sid: 'laptop' }
    await laptop.comesBackFrom(fake)
    staged.claims = { sid: 'phone' }
    await phone.comesBackFrom(fake)
    const other = await auth.sessions.create({ email: ANNA })
    const logOut = async (claims: Record<string, unknown>) =>
      outcome(
        send(auth, 'POST', '/login/acme/backchannel_logout', {
          // Other fields must be ignored.
          form: { logout_token: await logoutToken(staged, claims), client_id: 'ignored' },
        }),
      )
    expect(await logOut({ jti: '1', sid: 'laptop' })).toBe('200')
    expect([await laptop.isSignedInAs(), await phone.isSignedInAs()]).toEqual([null, ANNA])
    // A replay, and tokens that are not logout tokens for us.
    expect(await logOut({ jti: '1', sid: 'phone' })).toBe('400 invalid_logout_token')
    for (const wrong of [
      { events: undefined },
      { nonce: 'n' },
      { aud: 'another-client' },
      { iss: 'https://evil.example' },
      { sub: undefined },
      { iat: Math.floor(staged.now().getTime() / 1_000) - 600 },
    ])
      expect(await logOut({ jti: JSON.stringify(wrong), sub: FAKE_PERSON.sub, ...wrong })).toBe(
        '400 invalid_logout_token',
      )
    expect(await phone.isSignedInAs()).toBe(ANNA)
    expect(await logOut({ jti: '2', sub: FAKE_PERSON.sub })).toBe('200')
    expect(await phone.isSignedInAs()).toBeNull()
    // Sessions that began otherwise stay, and a new one can begin.
    expect(await auth.sessions.current({ sessionToken: other })).not.toBeNull()
    await elsewhere.comesBackFrom(fake)
    expect(await elsewhere.isSignedInAs()).toBe(ANNA)
  })

  it.each<[string, (staged: Stage) => Promise<unknown>]>([
    ['its provider is disabled', ({ auth }) => auth.providers.disable('acme')],
    ['its provider is removed', ({ auth }) => auth.providers.remove('acme')],
    [
      'the person has signed out there',
      async (staged) => {
        const form = { logout_token: await logoutToken(staged, { jti: '1', sid: 'laptop' }) }
        expect(await outcome(send(staged.auth, 'POST', '/login/acme/backchannel_logout', { form }))).toBe(
          '200',
        )
      },
    ],
    [
      'the person has signed out everywhere',
      async (staged) => {
        const form = { logout_token: await logoutToken(staged, { jti: '1', sub: FAKE_PERSON.sub }) }
        expect(await outcome(send(staged.auth, 'POST', '/login/acme/backchannel_logout', { form }))).toBe(
          '200',
        )
      },
    ],
  ])('cannot be finished with a second factor once %s [FED-08] [LGN-10]', async (_, happens) => {
    const staged = await stage()
    const { auth, fake, now } = staged
    staged.claims = { sid: 'laptop' }
    await new Person(auth).comesBackFrom(fake)
    const app = await addTotp(auth, now, { sessionToken: await auth.sessions.create({ email: ANNA }) })
    const back = comeBack(fake, await auth.providers.startSignIn({ provider: 'acme' }))
    const { parameters, flowToken } = back
    const waits = await auth.providers.completeSignIn(
      { provider: 'acme', parameters },
      { flowToken, sessionToken: null },
    )
    if (waits.next !== 'second_factor') return expect.unreachable(waits.next)
    await happens(staged)
    const { loginToken } = waits
    await expect(auth.signIn.withTotp({ code: app.codeAt(1) }, { loginToken })).rejects.toMatchObject({
      code: 'pending_login_required',
    })
  })

  it('ends sessions by `sid` and person together, also at a disabled provider [FED-08]', async () => {
    const staged = await stage()
    const { auth, fake } = staged
    const people = { laptop: new Person(auth), phone: new Person(auth), tablet: new Person(auth) }
    for (const [sid, person] of Object.entries(people)) {
      staged.claims = { sid: sid === 'tablet' ? undefined : sid }
      await person.comesBackFrom(fake)
    }
    const logOut = async (claims: Record<string, unknown>) =>
      outcome(
        send(auth, 'POST', '/login/acme/backchannel_logout', {
          form: { logout_token: await logoutToken(staged, claims) },
        }),
      )
    const signedIn = async () => {
      const seen = []
      for (const [name, person] of Object.entries(people))
        if ((await person.isSignedInAs()) !== null) seen.push(name)
      return seen
    }
    expect(await logOut({ jti: '1', sub: 'somebody-else', sid: 'unknown' })).toBe('200')
    expect(await signedIn()).toEqual(['laptop', 'phone', 'tablet'])
    // The provider never sent a `sid` for the session of the tablet.
    expect(await logOut({ jti: '2', sub: FAKE_PERSON.sub, sid: 'laptop' })).toBe('200')
    expect(await signedIn()).toEqual(['phone'])
    await auth.providers.disable('acme')
    expect(await logOut({ jti: '3', sub: FAKE_PERSON.sub })).toBe('200')
    expect(await signedIn()).toEqual([])
  })

  it('ends a session also after its user has re-authenticated', async () => {
    const staged = await stage()
    const person = new Person(staged.auth)
    staged.claims = { sid: 'laptop' }
    await person.comesBackFrom(staged.fake)
    await person.submit('/account/password', { new_password: PASSWORD })
    const form = { logout_token: await logoutToken(staged, { jti: '1', sid: 'laptop' }) }
    expect(await person.isSignedInAs()).toBe(ANNA)
    await send(staged.auth, 'POST', '/login/acme/backchannel_logout', { form })
    expect(await person.isSignedInAs()).toBeNull()
  })
})

function logoutToken({ fake, now }: Stage, claims: Record<string, unknown>): Promise<string> {
  return logoutTokenOf(fake, now, claims)
}

function addProvider(auth: Auth, fake: FakeProvider, changes: Partial<AddProviderRequest> = {}) {
  const given = { preset: 'oidc', id: 'acme', name: 'Acme', issuer: fake.issuer, ...FAKE_CLIENT } as const
  return auth.providers.add({ ...given, ...changes })
}
