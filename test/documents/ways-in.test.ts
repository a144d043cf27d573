/** docs/ways-in.md: every way to a session, and every route with its rule. */
import { describe, expect, it } from 'vitest'
import { OPERATIONS } from '../../src/api/index.ts'
import { OPTION_TABLE } from '../../src/options/index.ts'
import { onBothEngines } from '../support/engines.ts'
import { BASE_URL, cookieIn, linkIn, NEW_PASSWORD, PASSWORD, sightOf } from '../support/production.ts'
import { code, codes, filesWith, sorted, table, wordsOfType } from './pages.ts'
import { ALICE, BOB, NEW_ADDRESS, WRONG } from './story.ts'
import { GOOD, type Good, outcome, type World, withWrong, worldOf } from './world.ts'

const PAGE = 'docs/ways-in.md'

const ROUTES = table(PAGE, 'Routes').map((row) => {
  const [method = '', path = ''] = code(row.Route).split(' ')
  return {
    ...{ route: code(row.Route), method, path, there: row.There },
    ...{ who: row['Who may call'] ?? '', refusal: code(row.Else), fields: codes(row.Fields) },
    ...{ counted: code(row['Counted as']), audit: codes(row.Audit) },
  }
})

/** How a session is got in each way; `null` where it is not. */
const WAYS: Readonly<Record<string, (world: World, password: string) => Promise<string | null>>> = {
  'POST /sessions': async ({ ask }, password) =>
    cookieIn(await ask('POST', '/sessions', { json: { email: ALICE, password } }), 'session_id') ?? null,
  'POST /reauthenticate': async ({ ask, sessionToken }, password) =>
    cookieIn(await ask('POST', '/reauthenticate', { json: { password }, sessionToken }), 'session_id') ??
    null,
  'PUT /profile/password': async ({ ask, sessionToken }, password) => {
    const json = { current_password: password, new_password: NEW_PASSWORD }
    return cookieIn(await ask('PUT', '/profile/password', { json, sessionToken }), 'session_id') ?? null
  },
  createSession: ({ auth }) => auth.createSession(ALICE),
}

onBothEngines('the ways to a session', (engine) => {
  const gates = table(PAGE, 'To a session', 1)

  it('are those of docs/ways-in.md, each worth what stands there, and no other [LGN-14]', async () => {
    const ways = table(PAGE, 'To a session')
    for (const rows of [ways, gates]) expect(rows.map(({ Way }) => code(Way))).toEqual(Object.keys(WAYS))
    expect(sorted(ways.map((row) => code(row['Ends in'])))).toEqual(
      filesWith(/(?<!function )\bstartSession\(/),
    )
    const cookies = OPERATIONS.filter(({ success }) => success.setsCookie)
    const clearing = ['DELETE /sessions', 'DELETE /profile']
    expect(sorted(cookies.map(({ method, path }) => `${method} ${path}`))).toEqual(
      sorted([...Object.keys(WAYS).filter((way) => way.includes('/')), ...clearing]),
    )
    const names = OPERATIONS.flatMap(({ path, body }) => [path, ...Object.keys(body?.shape ?? {})])
    expect(names.filter((name) => /sms|phone|tel|push|saml|otp|provider|callback|magic/i.test(name))).toEqual(
      [],
    )

    for (const row of ways) {
      const world = await worldOf(engine)
      const [id = ''] = (await WAYS[code(row.Way)]?.(world, PASSWORD))?.split('.') ?? []
      const session = world.db.selectFrom('sessions').select(['level', 'methods']).where('id', '=', id)
      const worth = { level: Number(row.Level), methods: codes(row.Methods).join(' ') }
      expect(await session.executeTakeFirst(), row.Way).toEqual(worth)
    }
  })

  const cells = gates.flatMap(({ Way, ...columns }) =>
    Object.entries(columns).map(([gate, held]) => ({ way: code(Way), gate, held })),
  )

  it.each(cells)('$way: "$gate": $held', async ({ way, gate, held }) => {
    const world = await worldOf(engine, { loginFailuresPerAccount: 2 })
    const shut = SHUT_GATES[gate] ?? expect.unreachable(gate)
    const password = (await shut(world)) ?? PASSWORD
    const before = world.actions.length
    const session = await WAYS[way]?.(world, password)
    if (gate === 'Audit') expect([session !== null, world.actions.length - before]).toEqual([true, 1])
    else expect(session === null).toBe(held === 'yes')
    expect(['yes', 'no']).toContain(held)
  })

  /** What each gate looks at is not as it has to be. Gives the password to try, where that is not the right one. */
  const SHUT_GATES: Readonly<Record<string, (world: World) => Promise<string | undefined>>> = {
    'Limit on attempts': async ({ auth }) => {
      for (let failure = 0; failure < 2; failure++) await auth.validLogin(ALICE, WRONG)
      return undefined
    },
    Password: async () => WRONG,
    // Past every rule, so that the sessions stay.
    'Account is not shut': (world) => setUser(world, { disabled_at: 1 }),
    'Address is confirmed': (world) => setUser(world, { email_verified_at: null }),
    'Password is not marked': (world) => setUser(world, { password_compromised_at: 1 }),
    Audit: async () => undefined,
  }

  async function setUser(
    { db, userId }: World,
    change: Readonly<Record<string, number | null>>,
  ): Promise<undefined> {
    await db.updateTable('users').set(change).where('id', '=', userId).execute()
  }

  it('begin with no link of a mail, whatever is done with it [LGN-13]', async () => {
    const { auth, ask, newMails, sessionToken, db } = await worldOf(engine)
    await ask('POST', '/users', { json: { email: BOB, password: PASSWORD } })
    await ask('POST', '/users', { json: { email: ALICE, password: PASSWORD } })
    await ask('PUT', '/profile/email', { json: { email: NEW_ADDRESS }, sessionToken })
    const mails = [...(await newMails())]
    await auth.account.requestPasswordReset({ email: BOB })
    mails.push(...(await newMails()))
    const linked = mails.filter(({ text }) => text.includes('#'))
    const kinds = table('docs/email.md', 'Mails').filter(({ Link }) => Link !== '')
    expect(sorted(linked.map(({ kind }) => kind))).toEqual(sorted(kinds.map(({ Kind }) => code(Kind))))

    await auth.users.endEverySession()
    for (const mail of linked) {
      const { page, token } = linkIn(mail)
      const email = mail.kind === 'confirm_new_email' ? ALICE : mail.to
      const answers = [
        await ask('GET', page.slice(BASE_URL.length)),
        await ask('GET', '/profile', { sessionToken: token }),
        await ask('GET', '/profile', { headers: { authorization: `Bearer ${token}` } }),
        await ask('POST', '/sessions', { json: { email, password: token } }),
        await ask('POST', '/confirm_email', { json: { token, password: PASSWORD } }),
        await ask('PUT', '/reset_password', {
          json: { email, reset_token: token, new_password: NEW_PASSWORD },
        }),
      ]
      expect(
        answers.flatMap(({ headers }) => headers.getSetCookie()),
        mail.kind,
      ).toEqual([])
      expect(await db.selectFrom('sessions').select('id').execute(), mail.kind).toEqual([])
    }
    expect(Object.keys(OPTION_TABLE).filter((name) => /magic|passwordless|link/i.test(name))).toEqual([])
  })
})

describe('the routes of docs/ways-in.md', () => {
  it('are those of the contract, with their fields and refusals', () => {
    const contract = OPERATIONS.map(({ method, path, needs, params, body, session, tag }) => ({
      route: `${method} ${path}`,
      there: needs ?? 'always',
      fields: [...Object.keys(params ?? {}), ...Object.keys(body?.shape ?? {})],
      session: session === true ? (tag === 'classic' ? 'session_required' : 'unauthenticated') : null,
    }))
    const described = ROUTES.map(({ route, there, fields, who, refusal }) => ({
      ...{ route, there, fields },
      session: who.includes('session') ? refusal : null,
    }))
    expect(described).toEqual(contract)
    expect(Object.keys(GOOD)).toEqual(expect.arrayContaining(ROUTES.map(({ route }) => route)))
  })

  it.each(ROUTES)('$route: for $who alone, and written down', async (row) => {
    const { method, path, who, refusal, audit, route } = row
    const world = await worldOf('sqlite')
    const good: Good = (await GOOD[route]?.(world)) ?? expect.unreachable(route)
    const go = async (request: Good, sessionToken?: string) =>
      outcome(await world.ask(method, request.path ?? path, { ...request, sessionToken, ip: '192.0.2.9' }))
    const needsSession = who.includes('session')
    let session = needsSession ? world.sessionToken : undefined

    if (needsSession) expect(await go(good)).toBe(refusal)
    if (who.startsWith('token')) expect(await go(withWrong('token', good))).toBe(refusal)
    if (who === 'password') expect(await go(withWrong('password', good))).toBe(refusal)
    if (who.endsWith('and password'))
      expect(await go(withWrong('password', good), session)).toBe('invalid_credentials')
    if (needsSession) world.now.advance(OPTION_TABLE.reauthenticationSeconds.production)
    if (who === 'fresh session') {
      expect(await go(good, session)).toBe('reauthentication_required')
      session = (await world.auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken: session }))
        .sessionToken
    }

    // Where there is no other session to end, there is nothing to write down.
    if (route === 'DELETE /sessions/others') await world.auth.createSession(ALICE)
    const before = world.actions.length
    expect(await go(good, session)).toMatch(/^(?:200|302)$/)
    const written = world.actions.slice(before)
    expect(written).toHaveLength(Math.min(audit.length, 1))
    expect(audit).toEqual(expect.arrayContaining(written))
  })

  it.each(ROUTES)('$route: counted as "$counted", and as nothing else', async (row) => {
    const { method, path, counted, who, route } = row
    const world = await worldOf('sqlite', { loginFailuresPerAccount: 2, resetRequestsPerAccount: 2 })
    const good: Good = (await GOOD[route]?.(world)) ?? expect.unreachable(route)
    const sessionToken = who.includes('session') ? await world.newSession() : undefined
    const named = route === 'POST /users' ? { json: { email: ALICE, password: PASSWORD } } : {}
    const attempt = { ...withWrong(who === 'token' ? 'token' : 'password', good), ...named, sessionToken }
    const outcomes: string[] = []
    // An address each: it is the account that is counted.
    for (const ip of ['192.0.2.1', '192.0.2.2', '192.0.2.3'])
      outcomes.push(await outcome(await world.ask(method, good.path ?? path, { ...attempt, ip })))
    const refused = outcomes.filter((each) => each === 'too_many_attempts')
    expect(refused).toHaveLength(counted === '' ? 0 : 1)

    // An account that is gone has nothing to be counted.
    if (route === 'DELETE /profile') return
    const limited: string[] = []
    for (const [word, probe] of Object.entries(PROBES))
      if ((await outcome(await probe(world))) === 'too_many_attempts') limited.push(word)
    expect(limited).toEqual(counted === '' ? [] : [counted])
    expect(sorted(Object.keys(PROBES))).toEqual(wordsOfType('src/auth/throttle.ts', 'Throttled'))
  })

  /** One more attempt of each kind on Alice's account. */
  const PROBES: Readonly<Record<string, (world: World) => Promise<Response>>> = {
    login: ({ ask }) => ask('POST', '/sessions', { json: { email: ALICE, password: PASSWORD } }),
    reset_request: ({ ask }) => ask('POST', '/reset_password', { json: { email: ALICE } }),
    confirmation_request: ({ ask }) => ask('POST', '/request_confirmation', { json: { email: ALICE } }),
    registration: ({ ask }) => ask('POST', '/users', { json: { email: ALICE, password: PASSWORD } }),
    email_change: async ({ ask, newSession }) =>
      ask('PUT', '/profile/email', { json: { email: NEW_ADDRESS }, sessionToken: await newSession() }),
  }

  const alike = table(PAGE, 'What a stranger learns').map(({ Route }) => code(Route))

  it.each(alike)('%s answers the same for known and unknown addresses', async (route) => {
    const [method = '', path = ''] = route.split(' ')
    const { auth, ask } = await worldOf('sqlite')
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const sessionToken = path.startsWith('/profile')
      ? ((await auth.createSession(BOB)) ?? undefined)
      : undefined
    const look = async (email: string) => {
      const password = route === 'POST /sessions' ? WRONG : PASSWORD
      const json = ['POST /users', 'POST /sessions'].includes(route) ? { email, password } : { email }
      const seen = JSON.stringify(await sightOf(await ask(method, path, { json, sessionToken })))
      return seen.replaceAll(email, 'EMAIL')
    }
    const known = await look(ALICE)
    // As long as the other: the length of an answer must not tell.
    expect(await look(ALICE.replace('Liddell', 'Nobodyy'))).toBe(known)
    expect(known).toMatch(route === 'POST /sessions' ? /^\{"status":401/ : /^\{"status":200/)
  })
})
