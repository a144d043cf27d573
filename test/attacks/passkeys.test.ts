/** Attacks on passkeys: of another account, another ceremony, another site, and with answers that no browser sends. */
import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { type Cbor, type Changes, cbor, SoftwareAuthenticator } from '../support/authenticator.ts'
import { onBothEngines, onEachEngine } from '../support/engines.ts'
import { PASSKEY_BROWSER } from '../support/factors.ts'
import { BASE_URL, PASSWORD } from '../support/production.ts'
import { type Send, sessionIn } from '../support/send.ts'
import { type Stage, stage, whereabouts } from './member.ts'
import { MALLORY, outcome, tally, VICTIM } from './support.ts'

const PURPOSES = ['sign_in', 'second_factor', 'step_up', 'add_passkey', 'add_security_key'] as const
type Purpose = (typeof PURPOSES)[number]

/** The operations that take the answer of a passkey. */
const TAKERS = [
  ['POST', '/sessions/passkey'],
  ['POST', '/reauthenticate'],
  ['POST', '/profile/passkeys'],
] as const

/** Asks for a ceremony over HTTP, and answers it. */
async function answered(
  { ask }: Stage,
  authenticator: SoftwareAuthenticator,
  purpose: Purpose,
  request: Send = {},
  changes: Changes = {},
): Promise<{
  ceremony: string
  credential: Record<string, unknown> & { response: Record<string, unknown> }
}> {
  const begun = await ask('POST', '/ceremonies', { json: { purpose }, ...request })
  const { ceremony, options } = (await begun.json()) as { ceremony: string; options: never }
  const credential = purpose.startsWith('add')
    ? authenticator.create(options, changes)
    : authenticator.get(options, changes)
  return { ceremony, credential: structuredClone(credential) as never }
}

/** The victim and the attacker, each with a passkey and a password. */
async function rivals(engine: 'sqlite' | 'postgres', options: Parameters<typeof stage>[1] = {}) {
  const on = await stage(engine, options)
  const victim = await on.member({ app: true, passkey: true })
  const mallory = await on.member({ app: true, passkey: true }, MALLORY)
  const handleOf = async (email: string) => {
    const { webauthn_handle } = await on.db
      .selectFrom('users')
      .select('webauthn_handle')
      .where('email', '=', email)
      .executeTakeFirstOrThrow()
    return Buffer.from(webauthn_handle ?? expect.unreachable(), 'base64url')
  }
  return { ...on, on, victim, mallory, handleOf }
}

/** A new passkey that nobody has registered. */
function stranger(options: Partial<ConstructorParameters<typeof SoftwareAuthenticator>[0]> = {}) {
  return new SoftwareAuthenticator({ origin: BASE_URL, ...options })
}

/** Who a response signs in, or its refusal. */
async function signedInAs({ ask }: Stage, answer: Response): Promise<string> {
  const sessionToken = sessionIn(answer)
  if (!sessionToken) return outcome(answer)
  return ((await (await ask('GET', '/profile', { sessionToken })).json()) as { email: string }).email
}

const FOREIGN_ORIGINS = [
  'https://auth.example.com.evil.test',
  'https://badauth.example.com',
  'https://evil.test/https://auth.example.com',
  'https://sub.auth.example.com',
  'https://example.com',
  'https://auth.example.com:8443',
  'https://auth.example.com.',
  'https://auth.example.com/',
  'https://AUTH.example.com',
  'http://auth.example.com',
  'http://localhost',
  'null',
  'android:apk-key-hash:7d1043473d55bfa90e8530d35801d4e381bc69f0',
  '',
]

onBothEngines('a passkey', (engine) => {
  it('CVE-2026-82466: never signs in as another account, whatever its answer claims [PKY-04]', async () => {
    const { on, ask, victim, mallory, handleOf } = await rivals(engine)
    const theirs = await handleOf(VICTIM)
    const id = Buffer.from(victim.authenticator.credentialId).toString('base64url')
    const attempts: [SoftwareAuthenticator, Changes, Record<string, string>?][] = [
      [mallory.authenticator, { userHandle: theirs }],
      [mallory.authenticator, { userHandle: null }],
      [mallory.authenticator, { userHandle: Buffer.from(VICTIM) }],
      [mallory.authenticator, { userHandle: Buffer.alloc(64, 1) }],
      // The attacker signs, and names the passkey of the victim.
      [mallory.authenticator, { userHandle: theirs }, { id, rawId: id }],
      [stranger({ credentialId: victim.authenticator.credentialId }), { userHandle: theirs }],
      [victim.authenticator, { userHandle: await handleOf(MALLORY) }],
    ]
    for (const [authenticator, changes, members = {}] of attempts) {
      const { ceremony, credential } = await answered(on, authenticator, 'sign_in', {}, changes)
      const json = { ceremony, credential: { ...credential, ...members } }
      expect(await signedInAs(on, await ask('POST', '/sessions/passkey', { json }))).toBe(
        '401 invalid_passkey',
      )
    }
    for (const [{ authenticator }, email] of [
      [victim, VICTIM],
      [mallory, MALLORY],
    ] as const) {
      const json = await answered(on, authenticator, 'sign_in')
      expect(await signedInAs(on, await ask('POST', '/sessions/passkey', { json }))).toBe(email)
    }
  })

  it('of another account cannot be registered again, to take its sign-ins over [PKY-04]', async () => {
    const { on, ask, go, session, victim, db } = await rivals(engine)
    const sessionToken = await session(MALLORY, 'hwk mfa')
    const rows = () => db.selectFrom('passkeys').selectAll().orderBy('id').execute()
    const before = await rows()
    const copy = stranger({ credentialId: victim.authenticator.credentialId })
    for (const purpose of ['add_passkey', 'add_security_key'] as const) {
      const json = await answered(on, copy, purpose, { sessionToken })
      expect(await go('POST', '/profile/passkeys', { json, sessionToken })).toBe('409 passkey_known')
    }
    expect(await rows()).toEqual(before)
    const json = await answered(on, victim.authenticator, 'sign_in')
    expect(await signedInAs(on, await ask('POST', '/sessions/passkey', { json }))).toBe(VICTIM)
  })

  it('is checked once for each ceremony, even if sent twenty times at once [PKY-01]', async () => {
    const { on, go, db, victim } = await rivals(engine)
    await db.deleteFrom('sessions').execute()
    const json = await answered(on, victim.authenticator, 'sign_in')
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => go('POST', '/sessions/passkey', { json })),
    )
    expect(tally(outcomes)).toEqual({ '200': 1, '401 invalid_passkey': 19 })
    expect(await db.selectFrom('sessions').select('id').execute()).toHaveLength(1)
  })
})

onEachEngine('the answer of a passkey', (engine) => {
  it('is refused for another purpose, in another browser, for another account, a second time, or late [PKY-01]', async () => {
    const { on, go, now, session, wait, victim, mallory } = await rivals(engine)
    const own = { sessionToken: await session(VICTIM, 'hwk mfa'), loginToken: await wait() }
    const accepted: string[] = []
    for (const purpose of PURPOSES)
      for (const [method, path] of TAKERS) {
        const key = purpose.startsWith('add') ? stranger() : victim.authenticator
        const json = await answered(on, key, purpose, own)
        const result = await go(method, path, { json, ...own })
        if (result === '200') accepted.push(`${purpose} ${path}`)
        else expect(result, `${purpose} ${path}`).toMatch(/^(?:400 invalid_field|401 invalid_passkey)$/)
        // The first answer has used the ceremony up, right or wrong.
        expect(await go(method, path, { json, ...own })).not.toBe('200')
        own.sessionToken = await session(VICTIM, 'hwk mfa')
        own.loginToken = await wait()
      }
    expect(accepted).toEqual([
      'sign_in /sessions/passkey',
      'second_factor /sessions/passkey',
      'step_up /reauthenticate',
      'add_passkey /profile/passkeys',
      'add_security_key /profile/passkeys',
    ])
    const mallorys = { sessionToken: await session(MALLORY, 'hwk mfa'), loginToken: await wait(MALLORY) }
    for (const [purpose, path] of [
      ['sign_in', '/sessions/passkey'],
      ['second_factor', '/sessions/passkey'],
      ['step_up', '/reauthenticate'],
      ['add_passkey', '/profile/passkeys'],
    ] as const) {
      const fresh = () =>
        answered(on, purpose === 'add_passkey' ? stranger() : victim.authenticator, purpose, own)
      const refused = async (json: Awaited<ReturnType<typeof fresh>>, request: Send) =>
        expect(await go('POST', path, { json, ...own, ...request }), purpose).toBe('401 invalid_passkey')
      await refused(await fresh(), { browserToken: 'q'.repeat(43) })
      await refused(await fresh(), { browserToken: PASSKEY_BROWSER.slice(1) })
      if (purpose !== 'sign_in') await refused(await fresh(), mallorys)
      if (purpose === 'second_factor' || purpose === 'step_up')
        await refused(await answered(on, mallory.authenticator, purpose, own), mallorys)
      const { credential } = await fresh()
      // The challenge of one, the name of another.
      await refused({ ...(await fresh()), credential }, {})
      const late = await fresh()
      now.advance(300)
      await refused(late, {})
      own.sessionToken = await session(VICTIM, 'hwk mfa')
      mallorys.sessionToken = await session(MALLORY, 'hwk mfa')
    }
  })

  it('Kanidm before 1.10: is refused if it was made at an origin that only looks like ours [PKY-02]', async () => {
    const { on, ask, go, session, mallory } = await rivals(engine)
    const sessionToken = await session(MALLORY, 'hwk mfa')
    for (const origin of FOREIGN_ORIGINS) {
      const json = await answered(on, mallory.authenticator, 'sign_in', {}, { origin })
      expect(await go('POST', '/sessions/passkey', { json }), origin).toBe('401 invalid_passkey')
      const added = await answered(on, stranger(), 'add_passkey', { sessionToken }, { origin })
      expect(await go('POST', '/profile/passkeys', { json: added, sessionToken }), origin).toBe(
        '401 invalid_passkey',
      )
    }
    const right = await answered(on, mallory.authenticator, 'sign_in')
    expect(await signedInAs(on, await ask('POST', '/sessions/passkey', { json: right }))).toBe(MALLORY)
  })

  const BROKEN: Readonly<Record<string, Changes>> = {
    'another type': { clientData: { type: 'webauthn.create' } },
    'another challenge': { clientData: { challenge: 'A'.repeat(43) } },
    'no challenge': { clientData: { challenge: undefined } },
    'a frame of another site': { clientData: { crossOrigin: true } },
    'the origin of its frame': { clientData: { topOrigin: BASE_URL } },
    'another RP ID': { rpId: 'example.com' },
    'nobody present': { flags: { up: false } },
    'a backup of what cannot be backed up': { flags: { bs: true } },
    'another signature': { signature: () => randomBytes(70) },
    'a longer signature': { signature: (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]) },
    'an altered signature': {
      signature: (bytes) => Buffer.from(bytes.with(-1, bytes.readUInt8(bytes.length - 1) ^ 1)),
    },
  }

  it('is refused with any single error, even if it is signed again [PKY-02, PKY-08]', async () => {
    const { on, go, session, wait, victim } = await rivals(engine)
    const own = { sessionToken: await session(), loginToken: await wait() }
    for (const [wrong, changes] of Object.entries(BROKEN))
      for (const [purpose, path] of [
        ['sign_in', '/sessions/passkey'],
        ['second_factor', '/sessions/passkey'],
        ['step_up', '/reauthenticate'],
      ] as const) {
        const json = await answered(on, victim.authenticator, purpose, own, changes)
        expect(await go('POST', path, { json, ...own }), `${purpose}, ${wrong}`).toBe('401 invalid_passkey')
      }
  })

  it('without verification of the user is one factor: not enough on its own, the second one after a password [PKY-03]', async () => {
    const { on, ask, go, session, wait, victim } = await rivals(engine)
    const changes = { flags: { uv: false } }
    const alone = await answered(on, victim.authenticator, 'sign_in', {}, changes)
    expect(await go('POST', '/sessions/passkey', { json: alone })).toBe('403 user_verification_required')
    const loginToken = await wait()
    const json = await answered(on, victim.authenticator, 'second_factor', { loginToken }, changes)
    expect(await whereabouts(on, await ask('POST', '/sessions/passkey', { json, loginToken }))).toBe('aal 2')
    // In a session that has proven nothing, it is still one.
    const sessionToken = await session(VICTIM, '')
    const stepUp = await answered(on, victim.authenticator, 'step_up', { sessionToken }, changes)
    const renewed = await ask('POST', '/reauthenticate', { json: stepUp, sessionToken })
    expect(await whereabouts(on, renewed)).toBe('aal 1')
    // A passkey, unlike a security key, must verify its user when it is added.
    const strong = await session(VICTIM, 'hwk mfa')
    for (const [purpose, expected] of [
      ['add_passkey', '401 invalid_passkey'],
      ['add_security_key', '200'],
    ] as const) {
      const added = await answered(on, stranger(), purpose, { sessionToken: strong }, changes)
      expect(await go('POST', '/profile/passkeys', { json: added, sessionToken: strong })).toBe(expected)
    }
  })

  it('reveals that no account has the passkey only if everything else is right, and options never reveal who has one [PKY-01, PKY-09]', async () => {
    const { on, ask, go, session } = await rivals(engine)
    const json = await answered(on, stranger(), 'sign_in')
    expect(await go('POST', '/sessions/passkey', { json })).toBe('401 unknown_passkey')
    for (const changes of [
      BROKEN['another challenge'],
      { origin: 'https://evil.test' },
      { rpId: 'evil.test' },
    ]) {
      const broken = await answered(on, stranger(), 'sign_in', {}, changes)
      expect(await go('POST', '/sessions/passkey', { json: broken })).toBe('401 invalid_passkey')
    }
    const seen: unknown[] = []
    for (const sessionToken of [undefined, await session()]) {
      const begun = await ask('POST', '/ceremonies', { json: { purpose: 'sign_in' }, sessionToken })
      const { options } = (await begun.json()) as { options: Record<string, unknown> }
      seen.push({ ...options, challenge: String(options.challenge).length })
    }
    const handles: string[] = []
    for (const email of [VICTIM, VICTIM, MALLORY]) {
      const sessionToken = await session(email, 'hwk mfa')
      const begun = await ask('POST', '/ceremonies', { json: { purpose: 'add_passkey' }, sessionToken })
      const { options } = (await begun.json()) as { options: { user: { id: string } } }
      handles.push(options.user.id)
    }
    expect(handles.map((handle) => Buffer.from(handle, 'base64url').length)).toEqual([32, 32, 32])
    expect(handles[1]).toBe(handles[0])
    expect(handles[2]).not.toBe(handles[0])
    const options = {
      rpId: 'auth.example.com',
      challenge: 43,
      timeout: 300_000,
      allowCredentials: [],
      userVerification: 'required',
    }
    expect(seen).toEqual([options, options])
    expect(await go('POST', '/ceremonies', { json: { purpose: 'sign_in', email: VICTIM } })).toBe(
      '400 unknown_field',
    )
  })

  it('stores a key only when a passkey is added, and by nothing else that a client sends [PKY-06]', async () => {
    const { on, ask, go, session, db, mallory } = await rivals(engine)
    const keys = () =>
      db
        .selectFrom('passkeys')
        .select(['id', 'user_id', 'credential_id', 'public_key', 'algorithm', 'rp_id', 'aaguid'])
        .orderBy('id')
        .execute()
    const before = await keys()
    const sessionToken = await session(MALLORY, 'hwk mfa')
    const [id] = before.filter(({ user_id }) => user_id === mallory.id).map((row) => row.id)
    const foreign = before.find(({ user_id }) => user_id !== mallory.id)?.id
    const more = { public_key: 'AAAA', publicKey: 'AAAA', credential_id: 'AAAA', user_id: 1, aaguid: 'x' }
    for (const [method, path, json] of [
      ['PUT', `/profile/passkeys/${id}`, { name: 'Phone', ...more }],
      ['PATCH', '/profile', { name: 'Mallory', passkeys: [more] }],
      ['PATCH', '/profile', { name: 'Mallory', ...more }],
    ] as const)
      expect(await go(method, path, { json, sessionToken })).toBe('400 unknown_field')
    expect(await go('PUT', `/profile/passkeys/${id}`, { json: { name: 'Phone' }, sessionToken })).toBe('200')
    for (const [method, json] of [
      ['PUT', { name: 'Phone' }],
      ['DELETE', undefined],
    ] as const)
      expect(await go(method, `/profile/passkeys/${foreign}`, { json, sessionToken })).toBe('404 not_found')
    const used = await answered(on, mallory.authenticator, 'sign_in')
    Object.assign(used.credential.response, {
      publicKey: 'AAAA',
      publicKeyAlgorithm: -7,
      attestationObject: 'AAAA',
    })
    expect(await signedInAs(on, await ask('POST', '/sessions/passkey', { json: used }))).toBe(MALLORY)
    expect(await keys()).toEqual(before)
  })

  it('puts no script into the mail about a new passkey', async () => {
    const { on, go, session, newMails } = await rivals(engine)
    const sessionToken = await session(VICTIM, 'hwk mfa')
    const name = '<script>alert(1)</script><img src=x>'
    const json = { ...(await answered(on, stranger(), 'add_passkey', { sessionToken })), name }
    expect(await go('POST', '/profile/passkeys', { json, sessionToken })).toBe('200')
    const [mail] = await newMails()
    expect(mail?.kind).toBe('passkey_added')
    expect(mail?.text).toContain('alert')
    expect(`${mail?.html}${mail?.text}`).not.toMatch(/<script|<img/)
  })
})

/** A value of CBOR in a list, in a list, and so on. */
const nested = (depth: number) => Buffer.concat([Buffer.alloc(depth, 0x81), Buffer.from([0])])

onEachEngine('an answer that no browser sends', (engine) => {
  it('is a bad request or a refusal, and never a failure of the service [API-15]', async () => {
    const { on, ask, session, wait, victim } = await rivals(engine)
    const own = { sessionToken: await session(VICTIM, 'hwk mfa'), loginToken: await wait() }
    const long = 'A'.repeat(60 * 1_024)
    const wrongs: unknown[] = [
      null,
      true,
      0,
      '',
      'credential',
      long,
      [],
      [[]],
      {},
      { id: 'AAAA' },
      { __proto__: null, constructor: { prototype: { id: 'x' } } },
      JSON.parse('{"__proto__": {"id": "AAAA", "type": "public-key", "response": {}}}'),
    ]
    const members = ['id', 'rawId', 'type', 'response']
    const ofUse = ['clientDataJSON', 'authenticatorData', 'signature', 'userHandle']
    const ofNew = ['clientDataJSON', 'attestationObject', 'transports']
    const values = [undefined, null, 0, [], {}, '', 'é', 'A', '=', 'AA==', 'A+/A', ' AAAA', long, '__proto__']
    const outcomes: string[] = []
    const deliver = async (path: string, body: string, about: string) => {
      const answer = await ask('POST', path, {
        ...own,
        body,
        headers: { 'content-type': 'application/json' },
      })
      const result = await outcome(answer)
      outcomes.push(result)
      // A member that is not needed may have any value.
      expect(result, about).toMatch(/^(?:200|40[01] [a-z_]+|403 user_verification_required)$/)
      if (result !== '200') return
      own.sessionToken = await session(VICTIM, 'hwk mfa')
      own.loginToken = await wait()
    }
    for (const [purpose, path] of [
      ['sign_in', '/sessions/passkey'],
      ['step_up', '/reauthenticate'],
      ['add_passkey', '/profile/passkeys'],
    ] as const) {
      const good = () =>
        answered(on, purpose === 'add_passkey' ? stranger() : victim.authenticator, purpose, own)
      const send = async (change: (answer: Awaited<ReturnType<typeof good>>) => void, about: string) => {
        const answer = await good()
        change(answer)
        await deliver(path, JSON.stringify(answer), about)
      }
      for (const wrong of wrongs)
        await send(
          (answer) => Object.assign(answer, { credential: wrong }),
          `${path} ${JSON.stringify(wrong)}`.slice(0, 80),
        )
      for (const value of values) {
        for (const name of members)
          await send(({ credential }) => Object.assign(credential, { [name]: value }), `${path} ${name}`)
        for (const name of purpose === 'add_passkey' ? ofNew : ofUse)
          await send(
            ({ credential }) => Object.assign(credential.response, { [name]: value }),
            `${path} ${name}`,
          )
      }
      const { ceremony, credential } = await good()
      const text = JSON.stringify(credential)
      for (const body of [
        `{"ceremony":"${ceremony}","credential":${text},"credential":${text}}`,
        `{"ceremony":"${ceremony}","credential":{"id":"AAAA","id":"BBBB"}}`,
        `{"ceremony":"${ceremony}","credential":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
        `{"ceremony":"${ceremony}","credential":${text},"__proto__":{"ceremony":"x"}}`,
        `{"ceremony":"${ceremony}","ceremony":"${ceremony}","credential":${text}}`,
        `{"ceremony":["${ceremony}"],"credential":${text}}`,
        `{"ceremony":"${ceremony}'; drop table ceremonies; --","credential":${text}}`,
        `{"ceremony":"${ceremony}"}`,
        `{"credential":${text}}`,
      ])
        await deliver(path, body, `${path} ${body.slice(0, 60)}`)
    }
    expect(new Set(outcomes)).toContain('400 invalid_field')
    expect(outcomes.filter((each) => each === '200').length).toBeLessThan(outcomes.length / 4)
  })

  it('is refused with any malformed CBOR [API-15]', async () => {
    const { on, go, session } = await rivals(engine)
    const sessionToken = await session(VICTIM, 'hwk mfa')
    const map = (...items: readonly (readonly [Cbor, Cbor])[]) =>
      Buffer.concat([Buffer.from([0xa0 + items.length]), ...items.flat().map((item) => cbor(item))])
    const data = randomBytes(200)
    const objects: Buffer[] = [
      Buffer.alloc(0),
      nested(1_000),
      nested(10_000),
      Buffer.from('bf', 'hex'),
      Buffer.from('9fffff', 'hex'),
      Buffer.from('5affffffff00', 'hex'),
      Buffer.from('9bffffffffffffffff', 'hex'),
      Buffer.from('bb0000000100000000', 'hex'),
      Buffer.from('fb7ff0000000000000', 'hex'),
      Buffer.from('c0'.repeat(2_000), 'hex'),
      map(['fmt', 'none'], ['fmt', 'packed'], ['attStmt', new Map()], ['authData', data]),
      map(['fmt', 'none'], ['attStmt', new Map()]),
      map(['fmt', 'none'], ['attStmt', new Map()], ['authData', 'text']),
      map(['fmt', 'none'], ['attStmt', new Map()], ['authData', data]),
      map(['__proto__', 'none'], ['attStmt', new Map()], ['authData', data]),
    ]
    for (const object of objects) {
      const json = await answered(
        on,
        stranger(),
        'add_passkey',
        { sessionToken },
        { attestationObject: () => object },
      )
      expect(
        await go('POST', '/profile/passkeys', { json, sessionToken }),
        object.toString('hex', 0, 20),
      ).toBe('400 invalid_field')
    }
    for (const size of [0, 1, 36, 37, 38, 54, 55, 90, 2_000]) {
      const bytes = Buffer.alloc(size, 0xff)
      const json = await answered(
        on,
        stranger(),
        'add_passkey',
        { sessionToken },
        { authenticatorData: () => bytes },
      )
      expect(await go('POST', '/profile/passkeys', { json, sessionToken }), `${size} bytes`).toMatch(
        /^40[01] /,
      )
    }
  })
})

onEachEngine('a password', (engine) => {
  it('is not needed for a passkey, so that guesses at it do not lock its owner out [LGN-04]', async () => {
    const { on, ask, enter, victim } = await rivals(engine, { loginFailuresPerAccount: 2 })
    const json = { email: VICTIM, password: `${PASSWORD}!` }
    for (let guess = 0; guess < 3; guess++) await ask('POST', '/sessions', { json })
    expect(await outcome(enter())).toBe('429 too_many_attempts')
    const answer = await answered(on, victim.authenticator, 'sign_in')
    expect(await signedInAs(on, await ask('POST', '/sessions/passkey', { json: answer }))).toBe(VICTIM)
  })
})
