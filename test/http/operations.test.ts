/** Each operation does what it declares. A new operation is tested here without any change to this file. */
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import * as fields from '../../src/api/fields.ts'
import {
  bodyTypesOf,
  clearsLoginCookie,
  emailTakenBody,
  errorBody,
  OPERATIONS,
  type Operation,
} from '../../src/api/index.ts'
import { isLinked, MAIL_KINDS, type MailKind } from '../../src/auth/delivery/kinds.ts'
import type { AuditRecord } from '../../src/auth/index.ts'
import { TABLES } from '../../src/db/tables/index.ts'
import type { Table } from '../../src/db/tables/table.ts'
import { AUDIT_ACTIONS, type AuditKind } from '../../src/model/audit-actions.ts'
import { OPTION_TABLE } from '../../src/options/index.ts'
import { onEachEngine } from '../support/engines.ts'
import { scanTotp } from '../support/factors.ts'
import { BASE_URL, linkIn, NEW_PASSWORD, PASSWORD, sightOf } from '../support/production.ts'
import { connectedIdentity, providerIn, returned, waitingFlow } from '../support/provider-world.ts'
import { PROVIDER } from '../support/providers.ts'
import { fieldsFor, SECURITY_HEADERS, sessionIn } from '../support/send.ts'
import { ALICE, BOB, NEW_ADDRESS, story, WRONG } from '../support/story.ts'
import {
  choicesOf,
  guessesOf,
  outcome,
  PASSWORDS,
  requestFor,
  type World,
  withWrongPasskey,
  withWrongPassword,
  withWrongSecrets,
  worldOf,
} from '../support/world.ts'

const IP = '192.0.2.9'

function needsSession({ access }: Operation): boolean {
  return typeof access === 'object'
}

/** One request that succeeds, with a session or without. */
async function succeed(operation: Operation, world: World, sessionToken?: string): Promise<Response> {
  const { path, ...request } = await requestFor(operation, world)
  return world.ask(operation.method, path, { ...request, sessionToken, ip: IP })
}

/** What an operation did in every way that this file calls it. */
interface Driven {
  /** The outcome of the first success, the strength of the session that began with it, and its headers. */
  readonly outcome: string
  readonly session: string | undefined
  readonly headers: Headers
  /** For each secret that can be guessed: the outcomes of two attempts that are free, and of one more. */
  readonly attempts: readonly (readonly string[])[]
  readonly audit: readonly AuditRecord[]
}

const driven = new Map<string, Promise<Driven>>()

function drive(operation: Operation): Promise<Driven> {
  const known = driven.get(operation.id) ?? driveOnce(operation)
  driven.set(operation.id, known)
  return known
}

/** Alice's session, or Bob's where none is needed. She may be about to confirm her address, which ends hers. */
async function sessionFor(operation: Operation, { auth, sessionToken }: World): Promise<string> {
  if (needsSession(operation)) return sessionToken
  await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
  return (await auth.createSession(BOB)) ?? expect.unreachable()
}

async function worthOf({ db }: World, sessionToken: string): Promise<string> {
  const [id = ''] = sessionToken.split('.')
  const session = db.selectFrom('sessions').select(['aal', 'amr']).where('id', '=', id)
  const { aal, amr } = await session.executeTakeFirstOrThrow()
  return `aal ${aal}, ${amr}`
}

async function driveOnce(operation: Operation): Promise<Driven> {
  const audit: AuditRecord[] = []
  const during = async <Result>(world: World, act: () => Promise<Result>) => {
    const before = world.audit.length
    const result = await act()
    audit.push(...world.audit.slice(before))
    return result
  }
  let first: Pick<Driven, 'outcome' | 'session' | 'headers'> | undefined
  const noteFirst = async (answer: Response, world: World) => {
    const session = sessionIn(answer)
    const { headers } = answer
    first ??= { outcome: await outcome(answer), session: session && (await worthOf(world, session)), headers }
    return first.outcome
  }
  const choices = [...Array(choicesOf(operation)).keys()]
  const guesses = guessesOf(operation)
  for (const hasSession of needsSession(operation) ? [true] : [false, true])
    for (const choice of choices) {
      const isUsual = hasSession === needsSession(operation)
      // Without a secret, the attempts below are the same requests.
      if (isUsual && guesses.length === 0) continue
      const world = await worldOf('sqlite')
      await world.newSession()
      const { path, ...request } = await requestFor(operation, world, [], choice)
      const sessionToken = hasSession ? await sessionFor(operation, world) : undefined
      const act = () => world.ask(operation.method, path, { ...request, sessionToken, ip: IP })
      const answer = await during(world, act)
      if (isUsual) await noteFirst(answer, world)
    }
  // The same where the operator requires a passkey, so that a sign-in with anything else waits.
  if (operation.audit?.includes('begin_sign_in')) {
    const world = await worldOf('sqlite', { secondFactor: 'passkey' })
    const { path, ...request } = await requestFor(operation, world)
    // A user with a passkey must use it, and then nothing waits.
    if (/Totp$/.test(operation.id)) await world.db.deleteFrom('passkeys').execute()
    await during(world, () => world.ask(operation.method, path, request))
  }
  // Where addresses need no confirmation, which production refuses, a new account is signed in at once.
  if (operation.id === 'pages.signUp')
    for (const secondFactor of ['optional', 'passkey'] as const) {
      const open = { mode: 'development', emailVerification: false, registrationAnswer: 'explicit' } as const
      const world = await worldOf('sqlite', { ...open, secondFactor })
      const request = fieldsFor(operation, { email: BOB, password: PASSWORD })
      const inSession = { sessionToken: world.sessionToken, headers: { origin: BASE_URL } }
      await during(world, () => world.ask('POST', operation.path, { ...request, ...inSession }))
    }
  if (operation.id === 'signIn.reauthenticate') {
    const world = await worldOf('sqlite')
    const { path, ...request } = await withWrongPasskey(operation, world)
    const { sessionToken } = world
    await during(world, () => world.ask(operation.method, path, { ...request, sessionToken }))
  }
  if (typeof operation.access === 'object' && operation.access.orEnrolling)
    await during(...(await enrolling(operation)))
  for (const [world, act] of await throughProviders(operation)) await during(world, act)
  const attempts: string[][] = []
  for (const guess of guesses.length === 0 ? [[]] : guesses)
    for (const choice of choices) {
      const world = await worldOf('sqlite', {
        loginFailuresPerAccount: 2,
        resetRequestsPerAccount: 2,
        mailCodeFailuresPerAccount: 2,
        factorFailuresPerAccount: 2,
      })
      await world.newSession()
      const { path, ...request } = await requestFor(operation, world, guess, choice)
      const sessionToken = needsSession(operation) ? world.sessionToken : undefined
      const outcomes: string[] = []
      // Each from another address: the account is what is counted.
      for (const ip of ['192.0.2.1', '192.0.2.2', '192.0.2.3'])
        await during(world, async () => {
          const answer = await world.ask(operation.method, path, { ...request, sessionToken, ip })
          outcomes.push(await outcome(answer.clone()))
          await noteFirst(answer, world)
        })
      attempts.push(outcomes)
    }
  return { ...(first ?? expect.unreachable()), attempts, audit }
}

/** A call of an operation while a sign-in waits for a factor to be set up. It replaces the session of somebody else. */
async function enrolling(operation: Operation): Promise<[World, () => Promise<unknown>]> {
  const world = await worldOf('sqlite')
  const { path, ...request } = await requestFor(operation, world)
  await world.auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
  const sessionToken = (await world.auth.createSession(BOB)) ?? expect.unreachable()
  await world.db
    .updateTable('users')
    .set({ second_factor_required_at: 1 })
    .where('id', '=', world.userId)
    .execute()
  const result = await world.auth.signIn.withPassword({ email: ALICE, password: PASSWORD })
  if (result.next !== 'enrol') expect.unreachable()
  const { loginToken } = result
  if (operation.id === 'factors.confirmTotp') {
    const app = await scanTotp(world.auth, world.now, { sessionToken: null, loginToken })
    request.json = { code: app.codeAt() }
  }
  return [world, () => world.ask(operation.method, path, { ...request, sessionToken, loginToken })]
}

/** Calls of an operation with other people at a provider than Alice, for other purposes, or with other addresses. */
async function throughProviders({
  id,
  method,
  path,
}: Operation): Promise<(readonly [World, () => Promise<unknown>])[]> {
  if (id === 'pages.completeAtCallback') {
    const newcomer = await worldOf('sqlite')
    const known = await providerIn(newcomer)
    known.person = { ...known.person, sub: 'newcomer' }
    const coming = await returned(newcomer)
    const [again, linking] = [await worldOf('sqlite'), await worldOf('sqlite')]
    await connectedIdentity(again)
    const { sessionToken } = again
    const proven = await returned(again, 'reauthenticate')
    const linked = await returned(linking, 'link')
    return [
      [newcomer, () => newcomer.ask('GET', coming.path, coming)],
      [again, () => again.ask('GET', proven.path, { ...proven, sessionToken })],
      [linking, () => linking.ask('GET', linked.path, { ...linked, sessionToken: linking.sessionToken })],
    ]
  }
  if (id !== 'pages.enterAddress') return []
  const world = await worldOf('sqlite')
  const flowToken = await waitingFlow(world)
  const [flow = ''] = flowToken.split('.')
  const enter = (email: string) => world.ask(method, path, { form: { flow, email }, flowToken })
  // Where addresses need no confirmation.
  const trusting = await worldOf('sqlite', {
    mode: 'development',
    emailVerification: false,
    registrationAnswer: 'explicit',
  })
  const caller = { flowToken: await waitingFlow(trusting) }
  return [
    [world, () => enter(NEW_ADDRESS).then(() => enter(BOB))],
    [trusting, () => trusting.auth.providers.enterAddress({ email: BOB }, caller)],
  ]
}

describe.each(OPERATIONS.map((operation) => ({ name: `${operation.method} ${operation.path}`, operation })))(
  '$name',
  ({ operation }) => {
    const { access, success, tag, throttle = [], audit = [] } = operation

    it(`is for ${access === 'anyone' ? 'anyone' : access === 'pending' ? 'a sign-in that waits' : access.fresh ? 'a fresh session' : 'a session'}`, async () => {
      expect((await drive(operation)).outcome).toBe(String(success.status))
      if (access === 'anyone') return
      const world = await worldOf('sqlite')
      const go = async (sessionToken?: string) => outcome(await succeed(operation, world, sessionToken))
      if (access === 'pending') {
        const { path, ...request } = await requestFor(operation, world)
        for (const loginToken of [undefined, 'not a token', world.sessionToken])
          expect(await outcome(await world.ask(operation.method, path, { ...request, loginToken }))).toBe(
            'pending_login_required',
          )
        return
      }
      const refusal = tag === 'classic' ? 'session_required' : 'unauthenticated'
      expect(await go()).toBe(refusal)
      expect(await go('not a session token')).toBe(refusal)
      world.now.advance(OPTION_TABLE.reauthenticationSeconds.classic)
      if (access.fresh) {
        expect(await go(world.sessionToken)).toBe('reauthentication_required')
        world.sessionToken = await world.newSession()
        expect(await go(world.sessionToken)).toBe(String(success.status))
      } else {
        expect(await go(world.sessionToken)).toBe(String(success.status))
      }
    })

    it(throttle.length > 0 ? `is throttled as ${throttle}` : 'is not throttled', async () => {
      const { attempts, audit: written } = await drive(operation)
      for (const outcomes of attempts)
        expect(outcomes.filter((each) => each === 'too_many_attempts')).toHaveLength(
          throttle.length > 0 ? 1 : 0,
        )
      const limits = written.flatMap(({ action, details }) =>
        action === 'limit_reached' ? [details.limit] : [],
      )
      expect(new Set(limits)).toEqual(new Set(throttle))
    })

    it(audit.length > 0 ? `records ${audit}` : 'records nothing', async () => {
      const { audit: written } = await drive(operation)
      expect(new Set(written.map(({ action }) => action))).toEqual(new Set(audit))
    })
  },
)

describe('the audit log', () => {
  const signatureOf = (
    action: string,
    outcome: string,
    actor: string,
    reason: string | null,
    details: string[],
  ) => [action, outcome, actor, reason ?? '-', ...details.sort()].join(' ')

  const declared = Object.entries<readonly AuditKind[]>(AUDIT_ACTIONS).flatMap(([action, entries]) =>
    entries.map(({ outcome = 'success', actor, reason = null, details = [] }) =>
      signatureOf(action, outcome, actor, reason, [...details]),
    ),
  )

  const signaturesOf = (records: readonly AuditRecord[]) =>
    records.map(({ action, outcome, actor, reason, details }) =>
      signatureOf(action, outcome, actor, reason, Object.keys(details)),
    )

  it.each(['sqlite', 'postgres'] as const)(
    'has only records of the table of actions, on %s',
    async (engine) => {
      const written = signaturesOf((await story(engine)).audit)
      expect(written.filter((signature) => !declared.includes(signature))).toEqual([])
    },
  )

  it('has every record of the table of actions', async () => {
    const written = signaturesOf((await story('sqlite')).audit)
    for (const operation of OPERATIONS) written.push(...signaturesOf((await drive(operation)).audit))
    expect([...new Set(written)].sort()).toEqual([...declared].sort())
  })
})

// test/pages/every-page.test.ts tests those of the pages.
it('every success that is not a page has the security headers', async () => {
  for (const operation of OPERATIONS.filter(({ id }) => !id.startsWith('pages.'))) {
    const { headers } = await drive(operation)
    expect(Object.fromEntries(headers), operation.id).toMatchObject(SECURITY_HEADERS)
  }
})

it('every operation with a body lists the media types that it takes when it refuses another one', async () => {
  const world = await worldOf('sqlite')
  const { sessionToken } = world
  for (const operation of OPERATIONS.filter(({ body }) => body !== undefined)) {
    const path = operation.path.replaceAll(/\{\w+\}/g, 'x')
    const request = { body: 'x', headers: { 'content-type': 'text/plain', origin: BASE_URL }, sessionToken }
    const answer = await world.ask(operation.method, path, request)
    expect(await outcome(answer), operation.id).toBe('unsupported_media_type')
    expect(answer.headers.get('accept'), operation.id).toBe(bodyTypesOf(operation).join(', '))
    expect(answer.headers.get('accept-encoding'), operation.id).toBe('identity')
  }
})

// A test below is about the session cookie.
it('every success sets the cookies for browsers that its contract lists, and no others', async () => {
  for (const operation of OPERATIONS) {
    const { headers } = await drive(operation)
    const cookies = headers.getSetCookie().map((cookie) => cookie.replace(/^__Host-/, ''))
    const { setsBrowserCookie = false, setsFlowCookie = false } = operation.success
    expect(
      {
        setsBrowserCookie: cookies.some((cookie) => cookie.startsWith('browser=')),
        // It is cleared with an empty value.
        setsFlowCookie: cookies.some((cookie) => /^login_\w+=[^;]/.test(cookie)),
        clearsLogin: cookies.some((cookie) => cookie.startsWith('login=;')),
      },
      operation.id,
    ).toEqual({ setsBrowserCookie, setsFlowCookie, clearsLogin: clearsLoginCookie(operation) })
  }
})

/** What a client sends in Bob's session, and no answer to Alice contains. */
const BOBS = { ip: '198.51.100.77', userAgent: 'Mozilla/5.0 (of Bob)', requestId: 'request-of-bob' }

/** Every stored hash, as an answer could spell it. */
async function storedHashes({ db }: World): Promise<string[]> {
  const found: string[] = []
  for (const [name, { columns }] of Object.entries<Table>(TABLES)) {
    const secret = Object.keys(columns).filter((column) => columns[column]?.class === 'secret')
    if (secret.length === 0) continue
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(name)}`.execute(db)
    for (const value of rows.flatMap((row) => secret.map((column) => row[column]))) {
      if (typeof value === 'string') found.push(value)
      else if (value instanceof Uint8Array)
        for (const encoding of ['hex', 'base64', 'base64url'] as const)
          found.push(Buffer.from(value).toString(encoding), JSON.stringify(Buffer.from(value)))
    }
  }
  return [...new Set(found)]
}

onEachEngine('an answer', (engine) => {
  it.each(OPERATIONS)(
    'to $method $path has only the fields that its contract lists, and no secret [API-03]',
    async (operation) => {
      const world = await worldOf(engine)
      await world.auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
      await world.auth.createSession(BOB, BOBS)
      const { path, ...request } = await requestFor(operation, world)
      const sessionToken = needsSession(operation) ? world.sessionToken : undefined
      const sent = Object.values({ ...request.json, ...request.form }).map(String)
      const hashes = await storedHashes(world)
      const answer = await world.ask(operation.method, path, { ...request, sessionToken })
      expect(answer.status).toBe(operation.success.status)
      const text = await answer.text()
      hashes.push(...(await storedHashes(world)))
      const cookies = answer.headers.getSetCookie().map((cookie) => /=([^;]*)/.exec(cookie)?.[1] ?? '')
      const links = (await world.newMails()).filter((mail) => mail.text.includes('#')).map(linkIn)
      const tokens = [world.sessionToken, ...cookies, ...links.map(({ token }) => token)]
      // A change of the profile is answered with the profile.
      const isPublic = [
        'account.update',
        'passkeys.rename',
        'factors.setSecondFactor',
        'pages.setSecondFactor',
      ].includes(operation.id)
      const secrets = [
        PASSWORD,
        ...tokens,
        ...sent.filter((value) => !isPublic && !value.includes('@') && value !== PROVIDER),
      ]
        // A token is an id, which is public, a dot, and a secret.
        .map((value) => value.slice(value.indexOf('.') + 1))
        .concat(hashes)
        .filter(Boolean)
      // These succeed once for each account or session.
      const other = /^pages\.(?:enrol|stepUpWith)/.test(operation.id) ? await worldOf(engine) : world
      const wrong = await withWrongSecrets(operation, other)
      const refused = await other.ask(operation.method, wrong.path, wrong)
      const { body, page, file } = operation.success
      if (body !== undefined) expect(body.safeParse(JSON.parse(text)).error).toBeUndefined()
      else if (!page && !file) expect(text).toBe('')
      const texts = [text]
      if (refused.status >= 400) {
        texts.push(await refused.clone().text())
        expect(errorBody.or(emailTakenBody).safeParse(await refused.json()).error).toBeUndefined()
      }
      for (const secret of secrets) for (const each of texts) expect(each).not.toContain(secret)
      // As a word, because random text can contain the letters.
      for (const each of texts) expect(each).not.toMatch(/\bbob\b|198\.51\.100/i)
    },
  )
})

describe('the contract', () => {
  /** Every schema of an object within a schema. The application decides what is in metadata. */
  function objectsIn(schema: unknown): Record<string, unknown>[] {
    if (typeof schema !== 'object' || schema === null) return []
    if ('description' in schema && schema.description === fields.metadata.description) return []
    const inner = Object.values(schema).flatMap(objectsIn)
    return 'type' in schema && schema.type === 'object' ? [{ ...schema }, ...inner] : inner
  }

  it('lists every field of every answer, except of the OpenAPI document and of WebAuthn [API-03]', () => {
    const open = OPERATIONS.filter(({ success: { body } }) => {
      const objects = body === undefined ? [] : objectsIn(z.toJSONSchema(body))
      return objects.some(({ additionalProperties }) => additionalProperties !== false)
    })
    // The options are those of WebAuthn.
    expect(open.map(({ id }) => id)).toEqual(['service.openApi', 'passkeys.startCeremony'])
  })
})

/** What a session depends on, each made to fail. Returns the password to try, if it is not the right one. */
const CLOSED_GATES: Readonly<Record<string, (world: World) => Promise<string | undefined>>> = {
  'with a wrong password': async () => WRONG,
  'after too many attempts': async ({ auth }) => {
    for (let failure = 0; failure < 2; failure++) await auth.validLogin(ALICE, WRONG)
    return undefined
  },
  // Written directly, so that the sessions of the account stay.
  'for a disabled account': (world) => setUser(world, { disabled_at: 1 }),
  'for an unconfirmed address': (world) => setUser(world, { email_verified_at: null }),
  'for a compromised password': (world) => setUser(world, { password_compromised_at: 1 }),
}

async function setUser(
  { db, userId }: World,
  change: Readonly<Record<string, number | null>>,
): Promise<undefined> {
  await db.updateTable('users').set(change).where('id', '=', userId).execute()
}

/** The gates that only a password meets. */
const ABOUT_PASSWORDS: ReadonlySet<string> = new Set([
  'with a wrong password',
  'after too many attempts',
  'for a compromised password',
])

function takesPassword({ body }: Operation): boolean {
  const shape: unknown[] = Object.values(body?.shape ?? {})
  return PASSWORDS.some((each) => shape.includes(each))
}

/** Calls an operation, and returns the session that begins with it. */
async function sessionFrom(operation: Operation, world: World, wrong = false): Promise<string | undefined> {
  const sessionToken = needsSession(operation) ? world.sessionToken : undefined
  const { path, ...request } = await (wrong ? withWrongPassword : requestFor)(operation, world)
  const answer = await world.ask(operation.method, path, { ...request, sessionToken })
  // A cookie that is cleared is empty.
  return sessionIn(answer) || undefined
}

onEachEngine('a session', (engine) => {
  const setsCookie = OPERATIONS.filter(({ success }) => success.setsCookie)
  const cases = setsCookie
    .flatMap((operation) =>
      Object.entries(CLOSED_GATES).map(([gate, close]) => ({ id: operation.id, gate, close, operation })),
    )
    // It passes this gate by itself.
    .filter(
      ({ operation: { audit }, gate }) =>
        !audit?.includes('confirm_email') || gate !== 'for an unconfirmed address',
    )
    .filter(({ operation, gate }) => takesPassword(operation) || !ABOUT_PASSWORDS.has(gate))

  it.each(cases)('does not begin with $id $gate', async ({ operation, close }) => {
    const world = await worldOf(engine, { loginFailuresPerAccount: 2 })
    if (!takesPassword(operation)) {
      // Its prerequisites are set up before the gate fails.
      const { path, ...request } = await requestFor(operation, world)
      await close(world)
      const sessionToken = needsSession(operation) ? world.sessionToken : undefined
      expect(sessionIn(await world.ask(operation.method, path, { ...request, sessionToken })) || '').toBe('')
      return
    }
    const isWrong = (await close(world)) === WRONG
    expect(await sessionFrom(operation, world, isWrong)).toBeUndefined()
  })

  it('begins with a password, a second factor, a passkey or another provider, or with the word of the embedding program [LGN-14]', async () => {
    const worths: Record<string, unknown> = {}
    // Each has a database of its own, which takes a while on PostgreSQL.
    for (const operation of OPERATIONS) {
      const { session } = await drive(operation)
      if (session === undefined) continue
      expect(operation.success.setsCookie, operation.id).toBe(true)
      worths[operation.id] = session
      if (takesPassword(operation)) expect(worths[operation.id], operation.id).toBe('aal 1, pwd')
    }
    expect(worths).toMatchObject({
      'signIn.withPassword': 'aal 1, pwd',
      'signIn.withTotp': 'aal 2, pwd otp mfa',
      'signIn.withRecoveryCode': 'aal 2, pwd otp mfa',
      'signIn.withPasskey': 'aal 2, hwk mfa',
      'pages.completeAtCallback': 'aal 1, fed',
    })
    const strong = ['aal 2, pwd otp mfa', 'aal 2, pwd hwk otp mfa', 'aal 2, pwd hwk mfa', 'aal 2, hwk mfa']
    for (const [id, worth] of Object.entries(worths))
      expect(['aal 1, pwd', 'aal 1, fed', ...strong], id).toContain(worth)
    const world = await worldOf(engine)
    expect(await worthOf(world, await world.newSession())).toBe('aal 0, ')
    const names = OPERATIONS.flatMap(({ path, body }) => [path, ...Object.keys(body?.shape ?? {})])
    expect(names.filter((name) => /sms|phone|tel|push|saml|magic/i.test(name))).toEqual([])
  }, 300_000)

  it.each(['disabled_at', 'email_verified_at', 'password_compromised_at'] as const)(
    'does not begin with createSession if %s forbids it',
    async (column) => {
      const world = await worldOf(engine)
      await setUser(world, { [column]: column === 'email_verified_at' ? null : 1 })
      expect(await world.auth.createSession(ALICE)).toBeNull()
    },
  )

  it('does not begin with any link from a mail, whatever is done with it [LGN-13]', async () => {
    const { auth, ask, newMails, sessionToken, db } = await worldOf(engine)
    await ask('POST', '/users', { json: { email: BOB, password: PASSWORD } })
    await ask('POST', '/users', { json: { email: ALICE, password: PASSWORD } })
    await ask('PUT', '/profile/email', { json: { email: NEW_ADDRESS }, sessionToken })
    await auth.users.create({ email: 'carol@example.com', sendLink: true })
    const mails = [...(await newMails())]
    await auth.account.requestPasswordReset({ email: BOB })
    mails.push(...(await newMails()))
    const linked = mails.filter(({ text }) => text.includes('#'))
    const kinds = (Object.keys(MAIL_KINDS) as MailKind[]).filter(isLinked)
    expect(new Set(linked.map(({ kind }) => kind))).toEqual(new Set(kinds))

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
      const cookies = answers.flatMap(({ headers }) => headers.getSetCookie())
      expect(cookies, mail.kind).toEqual([])
      expect(await db.selectFrom('sessions').select('id').execute(), mail.kind).toEqual([])
    }
    expect(Object.keys(OPTION_TABLE).filter((name) => /magic|passwordless|link/i.test(name))).toEqual([])
  })
})

describe('an operation that takes an email address', () => {
  const withEmail = OPERATIONS.filter(({ body }) =>
    Object.values(body?.shape ?? {}).some((schema) => schema === fields.email),
  )

  it.each(withEmail)('answers the same for known and unknown addresses: $method $path', async (operation) => {
    const world = await worldOf('sqlite')
    await world.auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    // The signed-in user asks about another user.
    const sessionToken = needsSession(operation) ? ((await world.auth.createSession(BOB)) ?? '') : undefined
    const { path, json, form } = await withWrongSecrets(operation, world)
    const look = async (email: string) => {
      const answer = await world.ask(operation.method, path, {
        ...fieldsFor(operation, { ...(json as Record<string, string> | undefined), ...form, email }),
        sessionToken,
      })
      return JSON.stringify(await sightOf(answer))
        .replaceAll(email, 'EMAIL')
        .replaceAll(encodeURIComponent(email), 'EMAIL')
    }
    const known = await look(ALICE)
    // As long as the other, because the length of an answer could tell.
    expect(await look(ALICE.replace('Liddell', 'Nobodyy'))).toBe(known)
  })
})
