/** Attacks by many attempts: the limits, and ways around them. */
import { expect, it } from 'vitest'
import type { Auth } from '../../src/index.ts'
import {
  migratedDatabase,
  onBothEngines,
  onEachEngine,
  testClock,
  watchedHasher,
} from '../support/engines.ts'
import {
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  type Production,
  productionAuth,
  randomKey,
} from '../support/production.ts'
import { type Send, send } from '../support/send.ts'
import {
  addMember,
  GENEROUS,
  MALLORY,
  outcome,
  PWNED,
  signIn,
  tally,
  untilMailIsSettled,
  VICTIM,
} from './support.ts'

const LIMITED = '429 too_many_attempts'
const WRONG = '401 invalid_credentials'
const UUID_V7_LENGTH = 36

const guess = (auth: Auth, email: string, password: string, request: Send = {}) =>
  outcome(send(auth, 'POST', '/sessions', { form: { email, password }, ...request }))

/** A different IP address for each index, to avoid the limits per IP address. */
const addressOf = (index: number) => `198.51.${Math.floor(index / 250)}.${index % 250}`

type Settings = Parameters<typeof productionAuth>[1]

/** The service with a hasher that records which passwords it checks. */
async function watchedAuth(
  engine: 'sqlite' | 'postgres',
  options?: Settings,
): Promise<Production & { examined: string[] }> {
  const examined: string[] = []
  const hasher = watchedHasher((work, password) => void (work !== 'hash' && examined.push(password)))
  return { ...(await productionAuth(engine, { hasher, ...options })), examined }
}

onBothEngines('password guesses', (engine) => {
  it('CVE-2024-4629, CVE-2023-47111: are checked only up to the limit, even if sent at once to several instances [LGN-05]', async () => {
    const attack = async (loginFailuresPerAccount: number) => {
      const shared = {
        loginFailuresPerAccount,
        // Each guess also counts as a sign-in until it turns out to be wrong.
        signInsPerAccount: 1_000,
        databaseUrl: await migratedDatabase(engine),
        secretKey: randomKey(),
        now: testClock(),
      }
      const services = [await watchedAuth(engine, shared), await watchedAuth(engine, shared)]
      const [first = expect.unreachable()] = services
      await addMember(first.auth)
      const outcomes = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          guess(services[index % 2]?.auth ?? first.auth, VICTIM, `guess number ${index}`, {
            ip: addressOf(index),
          }),
        ),
      )
      return { outcomes: tally(outcomes), examined: services.flatMap(({ examined }) => examined).length }
    }
    expect(await attack(10)).toEqual({ outcomes: { [WRONG]: 10, [LIMITED]: 90 }, examined: 10 })
    // With a higher limit, all of them are checked.
    expect(await attack(100)).toEqual({ outcomes: { [WRONG]: 100 }, examined: 100 })
  })
})

onEachEngine('password guesses', (engine) => {
  it('from one IP address for many accounts are checked only up to the limit, even if sent at once', async () => {
    const attack = async (loginFailuresPerIp: number) => {
      const { auth, examined } = await watchedAuth(engine, { loginFailuresPerIp })
      const outcomes = await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          guess(auth, `member${index}@example.com`, 'one password for all of them', { ip: '192.0.2.1' }),
        ),
      )
      return { outcomes: tally(outcomes), examined: examined.length }
    }
    expect(await attack(20)).toEqual({ outcomes: { [WRONG]: 20, [LIMITED]: 40 }, examined: 20 })
    expect(await attack(100)).toEqual({ outcomes: { [WRONG]: 60 }, examined: 60 })
  })

  /** What the routes that check a password need. */
  interface Keys {
    readonly email: string
    readonly sessionToken: string
    readonly token: string
  }
  const ROUTES: Record<string, (auth: Auth, keys: Keys, password: string) => Promise<string>> = {
    'POST /sessions': (auth, { email }, password) => guess(auth, email, password),
    'POST /reauthenticate': (auth, { sessionToken }, password) =>
      outcome(send(auth, 'POST', '/reauthenticate', { json: { password }, sessionToken })),
    'PUT /profile/password': (auth, { sessionToken }, password) =>
      outcome(
        send(auth, 'PUT', '/profile/password', {
          json: { current_password: password, new_password: NEW_PASSWORD },
          sessionToken,
        }),
      ),
    'POST /confirm_email': (auth, { token }, password) =>
      outcome(send(auth, 'POST', '/confirm_email', { json: { token, password } })),
  }

  async function keysOf(service: Production, email: string): Promise<Keys> {
    await addMember(service.auth, email)
    const { sessionToken } = await signIn(service.auth, email)
    const json = { email: `new-${email}` }
    await send(service.auth, 'PUT', '/profile/email', { json, sessionToken })
    return { email, sessionToken, token: (await service.mailedLink('confirm_new_email')).token }
  }

  it.each(Object.keys(ROUTES))(
    'CVE-2026-9798: at %s count at every other route that checks a password',
    async (name) => {
      const service = await watchedAuth(engine, { loginFailuresPerAccount: 3 })
      const { auth, examined } = service
      for (const [other, route] of Object.entries(ROUTES)) {
        const keys = await keysOf(service, `${other.replaceAll(/\W+/g, '')}@example.com`)
        for (let failure = 0; failure < 3; failure++)
          expect(await ROUTES[name]?.(auth, keys, PWNED)).toBe(WRONG)
        examined.length = 0
        // The route no longer checks even the right password.
        expect(await route(auth, keys, PASSWORD), other).toBe(LIMITED)
        expect(examined).toEqual([])
        // Without failures, it accepts the same password.
        const fresh = await keysOf(service, `${other.replaceAll(/\W+/g, '')}2@example.com`)
        expect(await route(auth, fresh, PASSWORD), other).toBe('200')
      }
    },
  )

  it('CVE-2026-123521: at reauthentication are limited as at sign-in, even if sent at once', async () => {
    const attack = async (loginFailuresPerAccount: number) => {
      const limits = { loginFailuresPerAccount, signInsPerAccount: 1_000 }
      const { auth, examined } = await watchedAuth(engine, limits)
      await addMember(auth)
      const { sessionToken } = await signIn(auth)
      examined.length = 0
      const outcomes = await Promise.all(
        Array.from({ length: 60 }, (_, index) => {
          const json = { password: `guess number ${index}` }
          return outcome(send(auth, 'POST', '/reauthenticate', { json, sessionToken, ip: addressOf(index) }))
        }),
      )
      return { outcomes: tally(outcomes), examined: examined.length }
    }
    expect(await attack(10)).toEqual({ outcomes: { [WRONG]: 10, [LIMITED]: 50 }, examined: 10 })
    expect(await attack(100)).toEqual({ outcomes: { [WRONG]: 60 }, examined: 60 })
  })

  const NETWORK = [
    '2001:db8:1:1::1',
    '2001:db8:1:1::2',
    '2001:0db8:0001:0001:ffff:ffff:ffff:ffff',
    '2001:DB8:1:1:a:b:c:d',
    '2001:db8:1:1:0:0:192.0.2.1',
  ]

  it('CVE-2026-45364: from all addresses of one IPv6 network count together', async () => {
    const limits = { loginFailuresPerIp: 5, resetRequestsPerIp: 5, registrationsPerIp: 5 }
    const { auth } = await productionAuth(engine, limits)
    let count = 0
    const kinds: Record<string, (ip: string) => Promise<string>> = {
      logins: (ip) => guess(auth, `member${count++}@example.com`, PWNED, { ip }),
      resets: (ip) =>
        outcome(
          send(auth, 'POST', '/reset_password', { form: { email: `member${count++}@example.com` }, ip }),
        ),
      confirmations: (ip) =>
        outcome(
          send(auth, 'POST', '/request_confirmation', {
            json: { email: `member${count++}@example.com` },
            ip,
          }),
        ),
      registrations: (ip) =>
        outcome(
          send(auth, 'POST', '/users', {
            form: { email: `member${count++}@example.com`, password: PASSWORD },
            ip,
          }),
        ),
    }
    for (const [name, ask] of Object.entries(kinds)) {
      const passed = name === 'logins' ? WRONG : '200'
      for (const ip of NETWORK) expect(await ask(ip), `${name} ${ip}`).toBe(passed)
      for (const ip of ['2001:db8:1:1::3', ...NETWORK]) expect(await ask(ip), `${name} ${ip}`).toBe(LIMITED)
      // No single address has tried more than twice. Another network has not tried yet.
      expect(await ask('2001:db8:1:2::1'), name).toBe(passed)
      // An IPv4 address counts alone in every notation, not with the IPv6 network of all mapped addresses.
      for (const ip of ['192.0.2.9', '::ffff:192.0.2.9', '::ffff:c000:209', '0:0:0:0:0:ffff:192.0.2.9'])
        expect(await ask(ip), `${name} ${ip}`).toBe(passed)
      expect(await ask('192.0.2.9')).toBe(passed)
      expect(await ask('::ffff:192.0.2.9')).toBe(LIMITED)
      expect(await ask('::ffff:192.0.2.10')).toBe(passed)
    }
  })

  it('allauth 65.14.1: count for the IP address of the connection, whatever the headers say', async () => {
    const headersOf = (ip: string) => [
      { 'x-forwarded-for': ip },
      { 'x-forwarded-for': `${ip}, 127.0.0.1` },
      { forwarded: `for=${ip}` },
      { 'x-real-ip': ip },
      { 'x-client-ip': ip },
      { 'client-ip': ip },
      { 'true-client-ip': ip },
      { 'cf-connecting-ip': ip },
      { 'x-cluster-client-ip': ip },
      { 'x-originating-ip': ip },
      { 'x-remote-addr': ip },
      { 'x-forwarded-for': 'unknown' },
      { 'x-forwarded-for': '' },
    ]
    const attack = async (options: Settings, peer: string) => {
      const { auth } = await productionAuth(engine, { loginFailuresPerIp: 3, ...options })
      let count = 0
      const outcomes: string[] = []
      for (const headers of headersOf('203.0.113.1'))
        outcomes.push(await guess(auth, `member${count++}@example.com`, PWNED, { ip: peer, headers }))
      return outcomes
    }
    const refused = [WRONG, WRONG, WRONG, ...Array<string>(10).fill(LIMITED)]
    expect(await attack({}, '192.0.2.1')).toEqual(refused)
    expect(await attack({ trustedProxies: '10.0.0.0/8' }, '192.0.2.1')).toEqual(refused)

    // From a trusted proxy the header counts. Read from the left, a new forged address each time would escape the limit.
    const { auth } = await productionAuth(engine, { loginFailuresPerIp: 3, trustedProxies: '10.0.0.0/8' })
    let count = 0
    const behindProxy = (forwardedFor: string) =>
      guess(auth, `member${count++}@example.com`, PWNED, {
        ip: '10.0.0.1',
        headers: { 'x-forwarded-for': forwardedFor },
      })
    for (let client = 1; client <= 5; client++)
      expect(await behindProxy(`203.0.113.${client}`), 'a client each').toBe(WRONG)
    const forged = Array.from({ length: 6 }, (_, index) => `203.0.113.${100 + index}`)
    const outcomes: string[] = []
    for (const each of forged) outcomes.push(await behindProxy(`${each}, 198.51.100.7, 10.9.9.9`))
    expect(outcomes).toEqual([WRONG, WRONG, WRONG, LIMITED, LIMITED, LIMITED])
    for (const each of forged) expect(await behindProxy(`${each},unknown,198.51.100.7`)).toBe(LIMITED)
  })

  it('for one account count together in every spelling of its address, and never for another account', async () => {
    const { auth } = await productionAuth(engine, { loginFailuresPerAccount: 3 })
    await addMember(auth, 'böb@bücher.example')
    for (const email of ['BÖB@bücher.example', 'bo\u0308b@xn--bcher-kva.example', ' böb@BÜCHER.example '])
      expect(await guess(auth, email, PWNED)).toBe(WRONG)
    expect(await guess(auth, 'böb@bücher.example', PASSWORD)).toBe(LIMITED)
    for (const email of ['böb+a@bücher.example', 'b.öb@bücher.example', 'bob@bücher.example'])
      expect(await guess(auth, email, PWNED)).toBe(WRONG)
  })

  it('refused by the limit of one account do not count against other accounts at the same IP address', async () => {
    const ip = '192.0.2.1'
    const { auth } = await productionAuth(engine, { loginFailuresPerAccount: 3, loginFailuresPerIp: 10 })
    const outcomes: string[] = []
    for (let turn = 0; turn < 30; turn++) outcomes.push(await guess(auth, VICTIM, PWNED, { ip }))
    expect(tally(outcomes)).toEqual({ [WRONG]: 3, [LIMITED]: 27 })
    await addMember(auth, MALLORY)
    expect(await guess(auth, MALLORY, PASSWORD, { ip })).toBe('200')
    // Guesses that were checked do count.
    for (let turn = 0; turn < 7; turn++)
      expect(await guess(auth, `member${turn}@example.com`, PWNED, { ip })).toBe(WRONG)
    expect(await guess(auth, MALLORY, PASSWORD, { ip })).toBe(LIMITED)
  })

  it('get no more attempts if the attacker signs in to their own account in between', async () => {
    const { auth, now, examined } = await watchedAuth(engine, {
      loginFailuresPerIp: 5,
      loginFailuresPerAccount: 100,
    })
    await addMember(auth)
    await addMember(auth, MALLORY)
    const ip = '192.0.2.1'
    const attack = async (mixesIn: boolean) => {
      examined.length = 0
      const outcomes: string[] = []
      for (let turn = 0; turn < 30; turn++) {
        outcomes.push(await guess(auth, VICTIM, PWNED, { ip }))
        if (mixesIn) await guess(auth, MALLORY, PASSWORD, { ip })
      }
      now.advance(86_400)
      return { outcomes: tally(outcomes), examined: examined.filter((each) => each === PWNED).length }
    }
    const alone = await attack(false)
    expect(alone).toEqual({ outcomes: { [WRONG]: 5, [LIMITED]: 25 }, examined: 5 })
    expect(await attack(true)).toEqual(alone)
  })

  it('of a reset token are useless: it has 256 random bits, and a wrong guess does not void it', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, mailedLink } = service
    await addMember(auth)
    await send(auth, 'POST', '/reset_password', { form: { email: VICTIM } })
    const { token } = await mailedLink('reset_password')
    expect(Buffer.from(token.slice(UUID_V7_LENGTH + 1), 'base64url')).toHaveLength(32)
    const id = token.slice(0, UUID_V7_LENGTH)
    const tries = Array.from({ length: 100 }, (_, index) =>
      outcome(
        send(auth, 'PUT', '/reset_password', {
          form: {
            email: VICTIM,
            reset_token: `${id}.${Buffer.alloc(32, index).toString('base64url')}`,
            new_password: PWNED,
          },
        }),
      ),
    )
    expect(tally(await Promise.all(tries))).toEqual({ '403 invalid_reset_token': 100 })
    // The owner's token still works.
    const form = { email: VICTIM, reset_token: token, new_password: NEW_PASSWORD }
    expect(await outcome(send(auth, 'PUT', '/reset_password', { form }))).toBe('200')
  })
})

onEachEngine('the owner of an account under attack', (engine) => {
  /** Guesses the password until sign-in from an unknown device is refused. */
  async function besieged(options?: Settings) {
    const service = await productionAuth(engine, { loginFailuresPerAccount: 3, ...options })
    const { auth } = service
    await addMember(auth)
    const owner = await signIn(auth)
    for (let failure = 0; failure < 3; failure++)
      expect(await guess(auth, VICTIM, PWNED, { ip: addressOf(failure) })).toBe(WRONG)
    // Without a session or a known device, even the right password is refused.
    expect(await guess(auth, VICTIM, PASSWORD, { ip: addressOf(9) })).toBe(LIMITED)
    return { ...service, ...owner }
  }

  it('cannot sign in with a device cookie that is altered or of another account, nor beyond the limit of the device', async () => {
    const { auth, deviceToken } = await besieged()
    await addMember(auth, MALLORY)
    const mallorys = (await signIn(auth, MALLORY)).deviceToken
    const [id = '', keyId = '', mac = ''] = deviceToken.split('.')
    const [mallorysId = '', , mallorysMac = ''] = mallorys.split('.')
    for (const forged of [
      mallorys,
      `${id}.${keyId}.${mallorysMac}`,
      `${mallorysId}.${keyId}.${mac}`,
      `${id}.${keyId}.${mac.slice(0, -1)}${mac.endsWith('A') ? 'E' : 'A'}`,
      `${id}.AAAAAAAA.${mac}`,
      `${id}.${keyId}.`,
      id,
      '',
    ])
      expect(await guess(auth, VICTIM, PASSWORD, { deviceToken: forged }), forged).toBe(LIMITED)
    const doubled = { cookie: `__Host-device=${mallorys}; __Host-device=${deviceToken}` }
    expect(await guess(auth, VICTIM, PASSWORD, { headers: doubled })).toBe(LIMITED)
    for (let failure = 0; failure < 3; failure++)
      expect(await guess(auth, VICTIM, PWNED, { deviceToken })).toBe(WRONG)
    expect(await guess(auth, VICTIM, PASSWORD, { deviceToken })).toBe(LIMITED)
  })

  it('is protected by the limit of a known device even if the guesses on it are sent at once', async () => {
    const { auth, deviceToken } = await besieged()
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, () => guess(auth, VICTIM, PWNED, { deviceToken })),
    )
    expect(tally(outcomes)).toEqual({ [WRONG]: 3, [LIMITED]: 37 })
  })

  /** A former insider knew the password and kept the device cookie of each sign-in. The owner resets the password. */
  async function formerInsider(service: Production): Promise<string[]> {
    const { auth, mailedLink } = service
    await addMember(auth)
    const devices: string[] = []
    for (let login = 0; login < 10; login++) devices.push((await signIn(auth)).deviceToken)
    await send(auth, 'POST', '/reset_password', { form: { email: VICTIM } })
    const { token } = await mailedLink('reset_password')
    const form = { email: VICTIM, reset_token: token, new_password: NEW_PASSWORD }
    expect(await outcome(send(auth, 'PUT', '/reset_password', { form }))).toBe('200')
    return devices
  }

  it('gives no extra guesses to someone who once knew the password', async () => {
    const service = await watchedAuth(engine, { loginFailuresPerAccount: 3, loginFailuresPerIp: 3 })
    const devices = await formerInsider(service)
    service.examined.length = 0
    for (const deviceToken of devices)
      for (let failure = 0; failure < 3; failure++)
        await guess(service.auth, VICTIM, `guess ${failure}`, { deviceToken, ip: '192.0.2.1' })
    // Ten devices with three guesses each would make thirty, but three are allowed per IP address and account.
    expect(service.examined).toHaveLength(3)
  })
})

onEachEngine('load caused by strangers', (engine) => {
  it('is limited per IP address for registrations and mail, even if all requests arrive at once', async () => {
    const { auth, db } = await productionAuth(engine, { registrationsPerIp: 5, resetRequestsPerIp: 5 })
    const many = (ask: (index: number) => Promise<Response>) =>
      Promise.all(Array.from({ length: 40 }, (_, index) => outcome(ask(index)))).then(tally)
    const ip = '192.0.2.1'
    const expected = { 200: 5, [LIMITED]: 35 }
    const emailOf = (index: number) => `member${index}@example.com`
    expect(
      await many((index) =>
        send(auth, 'POST', '/users', { form: { email: emailOf(index), password: PASSWORD }, ip }),
      ),
    ).toEqual(expected)
    expect(
      await many((index) => send(auth, 'POST', '/reset_password', { form: { email: emailOf(index) }, ip })),
    ).toEqual(expected)
    expect(
      await many((index) =>
        send(auth, 'POST', '/request_confirmation', { json: { email: emailOf(index) }, ip }),
      ),
    ).toEqual(expected)
    expect(await db.selectFrom('users').select('id').execute()).toHaveLength(5)
    // Another IP address has its own limit.
    const elsewhere = { form: { email: emailOf(39), password: PASSWORD }, ip: '192.0.2.2' }
    expect(await outcome(send(auth, 'POST', '/users', elsewhere))).toBe('200')
  })

  it('does not delay reset mail to owners by other mail', async () => {
    const mailer = memoryMailer()
    const { auth, db } = await productionAuth(engine, { mailsPerHour: 10, mailer })
    await addMember(auth)
    for (let index = 0; index < 20; index++) {
      const form = { email: `nobody${index}@example.com`, password: PASSWORD }
      // A different network each time: one IPv6 subscriber may have thousands of them.
      await send(auth, 'POST', '/users', { form, ip: `2001:db8:0:${index.toString(16)}::1` })
    }
    await untilMailIsSettled(db)
    await send(auth, 'POST', '/reset_password', { form: { email: VICTIM }, ip: '192.0.2.1' })
    await untilMailIsSettled(db)
    expect(mailer.mails.filter(({ to }) => to === VICTIM)).toHaveLength(1)
  })

  it.each([
    ['POST', '/profile/export'],
    ['DELETE', '/sessions/others'],
  ] as const)('is limited in audit rows, for a signed-in user at %s %s', async (method, path) => {
    const { auth, db } = await productionAuth(engine)
    await addMember(auth)
    const { sessionToken } = await signIn(auth)
    const lines = async () =>
      Number(
        (
          await db
            .selectFrom('audit')
            .select((query) => query.fn.countAll<number>().as('count'))
            .executeTakeFirstOrThrow()
        ).count,
      )
    const before = await lines()
    for (let round = 0; round < 100; round++) await send(auth, method, path, { sessionToken })
    expect((await lines()) - before).toBeLessThan(50)
  })

  it('is limited in audit rows, for clients that are not signed in', async () => {
    const { auth, db } = await productionAuth(engine, { loginFailuresPerIp: 10, resetRequestsPerIp: 10 })
    await addMember(auth)
    const flood = async (index: number) => {
      const email = `member${index}@example.com`
      const ip = '192.0.2.1'
      await guess(auth, VICTIM, PWNED, { ip })
      await guess(auth, email, PWNED, { ip })
      await send(auth, 'POST', '/reset_password', { form: { email }, ip })
      await send(auth, 'POST', '/request_confirmation', { json: { email }, ip })
      await send(auth, 'POST', '/confirm_email', { json: { token: 'x', password: PWNED }, ip })
      await send(auth, 'PUT', '/reset_password', {
        form: { email, reset_token: 'x', new_password: PWNED },
        ip,
      })
      await send(auth, 'DELETE', '/sessions', { ip })
      await send(auth, 'POST', '/profile/export', { ip })
    }
    for (let index = 0; index < 60; index++) await flood(index)
    const lines = await db.selectFrom('audit').select(['action', 'reason']).execute()
    const counts = tally(lines.map(({ action }) => action))
    // One row per request up to each limit, and one that records that the limit was reached.
    expect(counts).toMatchObject({ login: 10, request_password_reset: 10, request_confirmation: 10 })
    expect(lines.length).toBeLessThan(40)
  })
})
