/** Attacks through the content of a request, and on its authorization. */
import { hash as bcryptHash, verify as bcryptVerify } from '@node-rs/bcrypt'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { OPERATIONS } from '../../src/api/index.ts'
import { createHasher } from '../../src/auth/passwords/hashing/index.ts'
import { createAuth } from '../../src/index.ts'
import { onEachEngine } from '../support/engines.ts'
import {
  BASE_URL,
  cookieIn,
  everyRow,
  memoryMailer,
  PASSWORD,
  productionAuth,
  randomKey,
} from '../support/production.ts'
import { send } from '../support/send.ts'
import {
  addMember,
  GENEROUS,
  isPasswordOf,
  MALLORY,
  outcome,
  PWNED,
  rowOf,
  signIn,
  VICTIM,
} from './support.ts'

const HOST = new URL(BASE_URL).host
const WRONG = '401 invalid_credentials'

onEachEngine('a request', (engine) => {
  it('CVE-2024-47070: cannot skip the password check by any X-Forwarded-For, well-formed or not', async () => {
    for (const trustedProxies of [undefined, '127.0.0.1', '127.0.0.0/8,10.0.0.0/8,fc00::/7,::1']) {
      const { auth } = await productionAuth(engine, { ...GENEROUS, trustedProxies })
      await addMember(auth)
      const logIn = (password: string, forwardedFor: string) =>
        outcome(
          send(auth, 'POST', '/sessions', {
            form: { email: VICTIM, password },
            headers: { 'x-forwarded-for': forwardedFor },
            ip: '127.0.0.1',
          }),
        )
      for (const value of [
        'a',
        '127.0.0.1',
        '::1',
        'unknown',
        '999.999.999.999',
        '127.0.0.1, a',
        ',,,',
        '[::1',
        '10.0.0.1:99999',
        'fe80::1%eth0',
        "' or 1=1 --",
        'x'.repeat(4_000),
      ]) {
        expect(await logIn(PWNED, value), value).toBe(WRONG)
        expect(await logIn('', value), value).toBe('400 missing_field')
        // With the same header, the right password is accepted.
        expect(await logIn(PASSWORD, value), value).toBe('200')
      }
    }
  })

  /** Properties of accounts, under every name that a client might guess. */
  const ATTRIBUTES: Record<string, unknown> = {
    id: 1,
    role: 'admin',
    roles: ['admin'],
    is_admin: true,
    admin: 1,
    verified: true,
    email_verified: true,
    email_verified_at: 1,
    emailVerifiedAt: 1,
    confirmed: true,
    unconfirmed_until: null,
    disabled_at: null,
    password_version: 9,
    hashed_password: '!',
    hashedPassword: '!',
    normalized_email: VICTIM,
    session_id: 'x',
    reset_token: 'x',
    user_id: 1,
    level: 3,
    created_at: 1,
    password_compromised_at: null,
    metadata: { plan: 'pro' },
    metadataJson: '{}',
    private_metadata: {},
    privateMetadata: {},
    __proto__x: {},
    constructor: {},
    'user[role]': 'admin',
    'email.verified': true,
  }

  it('CVE-2026-129550, CVE-2025-66385: can set only the fields of its route', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, db, newMails } = service
    await addMember(auth)
    const { sessionToken } = await signIn(auth)
    await newMails()
    const requests = [
      ['POST', '/users', { email: MALLORY, password: PWNED }],
      ['POST', '/sessions', { email: VICTIM, password: PASSWORD }],
      ['POST', '/reset_password', { email: VICTIM }],
      ['PUT', '/reset_password', { email: VICTIM, reset_token: 'x', new_password: PWNED }],
      ['POST', '/request_confirmation', { email: MALLORY }],
      ['POST', '/confirm_email', { token: 'x', password: PASSWORD }],
      ['POST', '/reauthenticate', { password: PASSWORD }],
      ['PUT', '/profile/password', { current_password: PASSWORD, new_password: PWNED }],
      ['PUT', '/profile/email', { email: MALLORY }],
      ['PATCH', '/profile', { name: 'Mallory' }],
      ['POST', '/mail_codes', { purpose: 'confirm_email', email: MALLORY }],
      ['POST', '/mail_codes/confirm_email', { code: '1234 5678', password: PWNED }],
      ['POST', '/mail_codes/reset_password', { code: '1234 5678', new_password: PWNED }],
      ['POST', '/mail_codes/change_email', { code: '1234 5678' }],
      ['POST', '/sessions/passkey', { ceremony: 'x', credential: {} }],
      ['POST', '/sessions/totp', { code: '123456' }],
      ['POST', '/sessions/recovery_code', { code: '00000000000000' }],
      ['POST', '/ceremonies', { purpose: 'sign_in' }],
      ['PUT', '/profile/second_factor', { enabled: true }],
      ['POST', '/profile/totp', { login_token: 'x' }],
      ['PUT', '/profile/totp', { code: '123456' }],
      ['POST', '/profile/passkeys', { ceremony: 'x', credential: {} }],
      ['PUT', `/profile/passkeys/${'0'.repeat(8)}-0000-7000-8000-${'0'.repeat(12)}`, { name: 'Phone' }],
      ['POST', '/login/company', { remember: true }],
      ['POST', '/reauthenticate/provider', { provider: 'company' }],
      ['POST', '/profile/identities', { provider: 'company' }],
    ] as const
    const withBody = OPERATIONS.filter(({ body }) => body?.def.catchall !== undefined)
    // A provider may send more fields, which must be ignored.
    const others = OPERATIONS.filter(({ body }) => body !== undefined && body.def.catchall === undefined)
    expect(others.map(({ id }) => id).sort()).toEqual(['pages.postToCallback', 'providers.endSessionsFrom'])
    const forms = withBody.filter(({ tag, form }) => tag === 'page' || form)
    expect(requests).toHaveLength(withBody.length - forms.length)
    const before = await everyRow(db)
    for (const [method, path, fields] of requests) {
      for (const [name, value] of Object.entries(ATTRIBUTES)) {
        // Some names are real fields of the route. Use a different name there.
        const key = name in fields ? `${name}s` : name
        const refused = send(auth, method, path, { json: { ...fields, [key]: value }, sessionToken })
        expect(await outcome(refused), `${path} ${key}`).toBe('400 unknown_field')
      }
      const polluted = `{"__proto__":{"role":"admin"},${JSON.stringify(fields).slice(1)}`
      const headers = { 'content-type': 'application/json' }
      const raw = send(auth, method, path, { body: polluted, headers, sessionToken })
      expect(await outcome(raw), path).toBe('400 unknown_field')
    }
    for (const { method, path, body } of forms) {
      const fields = Object.fromEntries(Object.keys(body?.shape ?? {}).map((name) => [name, PASSWORD]))
      for (const name of [...Object.keys(ATTRIBUTES), '__proto__', 'toString']) {
        const key = name in fields ? `${name}s` : name
        const form = `${new URLSearchParams(fields)}&${new URLSearchParams([[key, '1']])}`
        const headers = { 'content-type': 'application/x-www-form-urlencoded' }
        const refused = send(auth, method, path, { body: form, headers, sessionToken })
        expect(await outcome(refused), `${path} ${key}`).toBe('400 unknown_field')
      }
    }
    expect(await everyRow(db)).toEqual(before)
    expect(({} as Record<string, unknown>).role).toBeUndefined()

    // Setting one of these properties would have confirmed the address.
    const registered = { email: MALLORY, password: PWNED }
    expect(await outcome(send(auth, 'POST', '/users', { form: registered }))).toBe('200')
    expect(await outcome(send(auth, 'POST', '/sessions', { form: registered }))).toBe(WRONG)
    await db.updateTable('users').set({ email_verified_at: 1 }).where('email', '=', MALLORY).execute()
    expect(await outcome(send(auth, 'POST', '/sessions', { form: registered }))).toBe('200')
  })

  it('CVE-2026-15630: acts only on the sessions of its own user, whatever id it names', async () => {
    const { auth, db } = await productionAuth(engine, GENEROUS)
    const victim = await addMember(auth)
    await addMember(auth, MALLORY)
    const victims = (await signIn(auth)).sessionToken
    const victimsId = victims.split('.')[0] ?? ''
    const mallory = await signIn(auth, MALLORY)
    const other = (await signIn(auth, MALLORY)).sessionToken.split('.')[0] ?? ''
    const { sessionToken } = mallory
    const claims = `user_id=${victim.id}&id=${victimsId}&session_id=${victims}&email=${VICTIM}&sub=${victim.id}`
    const headers = {
      'x-user-id': String(victim.id),
      'x-forwarded-user': VICTIM,
      'x-remote-user': VICTIM,
      authorization: `Basic ${btoa(victims)}`,
    }
    const attempts = [
      ['DELETE', `/sessions/${victimsId}`, '404 not_found'],
      ['DELETE', `/sessions/${victims}`, '404 not_found'],
      ['DELETE', `/sessions/${victimsId}?id=${other}`, '404 not_found'],
      ['DELETE', `/sessions/${victimsId.toUpperCase()}`, '404 not_found'],
      ['DELETE', `/sessions/${other}%2f..%2f${victimsId}`, '404 not_found'],
      ['DELETE', `/sessions/${other}/../${victimsId}`, '404 not_found'],
      ['DELETE', `/sessions/${victimsId}%00`, '404 not_found'],
      ['DELETE', `/sessions/${other}?${claims}`, '200'],
      ['DELETE', `/sessions/others?${claims}`, '200'],
      ['GET', `/profile?${claims}`, '200'],
      ['GET', `/sessions?${claims}`, '200'],
      ['POST', `/profile/export?${claims}`, '200'],
      ['DELETE', `/profile?${claims}`, '200'],
    ] as const
    for (const [method, path, expected] of attempts) {
      const answer = await send(auth, method, path, { sessionToken, headers })
      const seen = await answer.clone().text()
      expect(await outcome(answer), `${method} ${path}`).toBe(expected)
      expect(seen).not.toContain(VICTIM)
      expect(seen).not.toContain(victimsId)
    }
    expect(await outcome(send(auth, 'GET', '/profile', { sessionToken: victims }))).toBe('200')
    expect((await Array.fromAsync(auth.users.list())).map(({ email }) => email)).toEqual([VICTIM])
    // The id is valid: its owner can end the session by it.
    const again = (await signIn(auth)).sessionToken
    const own = send(auth, 'DELETE', `/sessions/${victimsId}`, { sessionToken: again })
    expect(await outcome(own)).toBe('200')
    expect(await db.selectFrom('sessions').select('id').where('id', '=', victimsId).execute()).toEqual([])
  })

  it('CVE-2023-34927: from another site cannot set a password, with any body a page can send', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, newMails } = service
    await addMember(auth)
    const { sessionToken } = await signIn(auth)
    await newMails()
    const before = await rowOf(service, VICTIM)
    const json = JSON.stringify({ current_password: PASSWORD, new_password: PWNED })
    const form = new URLSearchParams({ current_password: PASSWORD, new_password: PWNED }).toString()
    const bodies = [
      ['application/x-www-form-urlencoded', form],
      ['text/plain', json],
      ['text/plain;charset=UTF-8', `${json.slice(0, -1)},"x=":"y"}`],
      [
        'multipart/form-data; boundary=b',
        `--b\r\ncontent-disposition: form-data; name="new_password"\r\n\r\n${PWNED}\r\n--b--`,
      ],
      ['application/json', json],
      ['application/x-www-form-urlencoded; application/json', json],
      ['text/plain, application/json', json],
      ['', json],
    ] as const
    const origins: Record<string, string>[] = [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'null' },
      { 'sec-fetch-site': 'same-site' },
      {},
    ]
    for (const method of ['POST', 'PUT', 'PATCH']) {
      for (const path of [
        '/profile/password',
        '/profile/password?_method=PUT',
        '/profile',
        '/reset_password',
      ]) {
        for (const [type, body] of bodies) {
          for (const from of origins) {
            // A page of another site can send PUT and JSON only after a preflight, which names its origin.
            const isPreflighted = method !== 'POST' || type === 'application/json'
            if (isPreflighted && Object.keys(from).length === 0) continue
            const headers = {
              host: HOST,
              ...from,
              'content-type': type,
              'x-http-method-override': 'PUT',
              cookie: `__Host-session_id=${sessionToken}`,
            }
            const answer = await auth.fetch(new Request(BASE_URL + path, { method, body, headers }))
            expect(answer.status, `${method} ${path} ${type}`).toBeGreaterThanOrEqual(400)
          }
        }
      }
    }
    expect(await rowOf(service, VICTIM)).toEqual(before)
    expect(
      await outcome(
        send(auth, 'OPTIONS', '/profile/password', {
          headers: { origin: 'https://evil.example', 'access-control-request-method': 'PUT' },
        }),
      ),
    ).toBe('403 foreign_origin')
    // A page of the service can.
    const own = { current_password: PASSWORD, new_password: PWNED }
    expect(await outcome(send(auth, 'PUT', '/profile/password', { json: own, sessionToken }))).toBe('200')
    expect(await isPasswordOf(auth, VICTIM, PWNED)).toBe(true)
  })

  it('RAUTHY-007: can set only an https URL as a picture, which no page or mail of the service contains', async () => {
    const { auth, newMails } = await productionAuth(engine, GENEROUS)
    await addMember(auth, MALLORY)
    const { sessionToken } = await signIn(auth, MALLORY)
    const setTo = (picture: unknown) =>
      outcome(send(auth, 'PATCH', '/profile', { json: { picture }, sessionToken }))
    for (const refused of [
      'javascript:alert(1)',
      'JavaScript:alert(1)//https://x',
      'data:image/svg+xml,<svg onload="alert(1)"/>',
      'http://evil.example/x.svg',
      '//evil.example/x.svg',
      '/x.svg',
      'https://',
      'https://evil.example/x.svg\n',
      ' https://evil.example/x.svg',
      'https://user:password@evil.example/x.svg',
    ])
      expect(await setTo(refused), refused).toBe('400 invalid_field')
    // Text only: an upload is refused by its type.
    const file = { body: '<svg/>', headers: { 'content-type': 'image/svg+xml' } }
    expect(await outcome(send(auth, 'PATCH', '/profile', { ...file, sessionToken }))).toBe(
      '415 unsupported_media_type',
    )
    // Stored as a browser would write it, so that it cannot end an attribute.
    expect(await setTo('https://evil.example/"onerror="alert(1)<svg>')).toBe('200')
    const { user } = (await (await send(auth, 'GET', '/session', { sessionToken })).json()) as {
      user: { picture: string }
    }
    expect(user.picture).toBe('https://evil.example/%22onerror=%22alert%281%29%3Csvg%3E')
    await newMails()
    await send(auth, 'PUT', '/profile/email', { json: { email: 'new@example.com' }, sessionToken })
    for (const { html, text } of await newMails()) expect(`${html}${text}`).not.toContain('evil.example/')
    for (const { path, success } of OPERATIONS) {
      if (!success.page) continue
      const page = await send(auth, 'GET', path, { sessionToken })
      expect(await page.text()).not.toContain('evil.example/')
      if (page.status !== 200) continue
      expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*img-src 'self';/)
    }
  })

  it('CVE-2023-49438: is redirected only to the home page, even with backslashes in a target', async () => {
    const { auth } = await productionAuth(engine, GENEROUS)
    await addMember(auth)
    const elsewhere = [
      '/\\evil.example',
      '\\\\evil.example',
      '//evil.example',
      '///evil.example',
      '/\t/evil.example',
      'http:evil.example',
      'https:/\\evil.example',
      'https://evil.example',
      `https://${HOST}@evil.example`,
      'javascript:alert(1)',
    ]
    for (const target of elsewhere) {
      // A browser that is redirected to this target leaves the service.
      const url = new URL(target, BASE_URL)
      expect(url.host === HOST && url.protocol === 'https:', target).toBe(false)
      const names = [
        'next',
        'return_to',
        'returnTo',
        'redirect',
        'redirect_uri',
        'url',
        'continue',
        'location',
      ]
      const query = new URLSearchParams(names.map((name) => [name, target]))
      for (const isBrowser of [true, false]) {
        const { sessionToken } = await signIn(auth)
        const answer = await send(auth, 'DELETE', `/sessions?${query}`, {
          sessionToken,
          headers: {
            ...(isBrowser && { 'sec-fetch-mode': 'cors' }),
            referer: encodeURI(target),
            'x-forwarded-prefix': encodeURI(target),
            'x-forwarded-host': 'evil.example',
            'x-original-url': encodeURI(target),
          },
        })
        expect([answer.status, answer.headers.get('location')]).toEqual([isBrowser ? 303 : 302, '/'])
      }
    }
    // No other route redirects, whatever the path.
    for (const path of [
      '/\\evil.example',
      '//evil.example',
      '//evil.example/..',
      '/%5cevil.example',
      '/%2f%2fevil.example',
      '/sessions/',
      '/profile/',
    ]) {
      for (const method of ['GET', 'DELETE']) {
        const answer = await send(auth, method, path)
        expect([answer.headers.get('location'), answer.status >= 400], path).toEqual([null, true])
      }
    }
  })

  it('with two possible readings is refused: repeated fields, mixed formats, parameters outside the body', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth } = service
    await addMember(auth)
    await addMember(auth, MALLORY)
    const before = await rowOf(service, VICTIM)
    const raw = (body: string, type: string, query = '') =>
      outcome(send(auth, 'POST', `/sessions${query}`, { body, headers: { 'content-type': type } }))
    const form = 'application/x-www-form-urlencoded'
    const password = encodeURIComponent(PASSWORD)
    const refused =
      /^(?:400 (?:repeated_field|unknown_field|malformed_body|missing_field|invalid_field)|415 unsupported_(?:media_type|charset))$/
    for (const [type, body] of [
      [form, `email=${MALLORY}&email=${VICTIM}&password=${password}`],
      [form, `email=${MALLORY}&%65mail=${VICTIM}&password=${password}`],
      [form, `email=${MALLORY}&email[]=${VICTIM}&password=${password}`],
      [form, `email=${MALLORY}&Email=${VICTIM}&password=${password}`],
      [form, `email=${MALLORY}&email%00=${VICTIM}&password=${password}`],
      ['application/json', `{"email":"${MALLORY}","email":"${VICTIM}","password":"${PASSWORD}"}`],
      ['application/json', `{"email":"${MALLORY}","\\u0065mail":"${VICTIM}","password":"${PASSWORD}"}`],
      ['application/json', `{"email":["${MALLORY}","${VICTIM}"],"password":"${PASSWORD}"}`],
      ['application/json', `{"email":{"$ne":""},"password":{"$ne":""}}`],
      ['application/json', `[{"email":"${VICTIM}","password":"${PASSWORD}"}]`],
      ['application/json', `{"email":"${VICTIM}","password":true}`],
      ['application/json', `{"email":"${VICTIM}","password":0}`],
      ['application/json', `{"email":"${VICTIM}","password":null}`],
      ['application/json', `{"email":"${VICTIM}","password":"\\ud800"}`],
      [form, `{"email":"${VICTIM}","password":"${PASSWORD}"}`],
      ['application/json', `email=${VICTIM}&password=${password}`],
      ['application/xml', `<email>${VICTIM}</email>`],
      ['application/json; charset=utf-7', `{"email":"${VICTIM}","password":"${PASSWORD}"}`],
      ['application/json; charset=utf-16le', `{"email":"${VICTIM}","password":"${PASSWORD}"}`],
    ] as const)
      expect(await raw(body, type), body).toMatch(refused)
    // A single field that is not an address.
    for (const email of [
      `${MALLORY};email=${VICTIM}`,
      `${MALLORY}%26email=${VICTIM}`,
      `${MALLORY}%00${VICTIM}`,
      `${MALLORY},${VICTIM}`,
    ])
      expect(await raw(`email=${email}&password=${password}`, form), email).toBe(WRONG)
    // The query is ignored.
    const own = `email=${MALLORY}&password=${password}`
    const answer = await send(auth, 'POST', `/sessions?email=${VICTIM}&password=${PWNED}`, {
      body: own,
      headers: { 'content-type': form },
    })
    expect(await answer.json()).toMatchObject({ email: MALLORY })
    expect(await raw('', form, `?email=${VICTIM}&password=${password}`)).toBe('400 missing_field')
    expect(await rowOf(service, VICTIM)).toEqual(before)
    expect(await raw(`email=${VICTIM}&password=${password}`, form)).toBe('200')
  })

  const SQL = [
    "' or '1'='1",
    "' or 1=1 --",
    "'; drop table users; --",
    "' union select hashed_password from users --",
    '" or ""="',
    "\\' or 1=1 --",
    '$1',
    '?',
    "x'||(select hashed_password from users limit 1)||'",
    "'; select pg_sleep(10); --",
    '%',
    '_',
    '*',
  ]

  it('cannot inject SQL through a field, a path, a cookie or a header', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, db, newMails } = service
    await addMember(auth)
    const { sessionToken } = await signIn(auth)
    await newMails()
    const users = await db.selectFrom('users').selectAll().execute()
    for (const text of SQL) {
      const requests = [
        ['POST', '/sessions', { form: { email: `${text}@example.com`, password: PWNED } }],
        ['POST', '/sessions', { form: { email: text, password: text } }],
        ['POST', '/sessions', { form: { email: VICTIM, password: text } }],
        ['PUT', '/reset_password', { form: { email: VICTIM, reset_token: text, new_password: PWNED } }],
        ['POST', '/confirm_email', { json: { token: text, password: PASSWORD } }],
        ['POST', '/reauthenticate', { json: { password: text }, sessionToken }],
        ['GET', '/profile', { sessionToken: text.replaceAll(';', '') }],
        ['DELETE', `/sessions/${encodeURIComponent(text)}`, { sessionToken }],
        [
          'POST',
          '/sessions',
          { form: { email: VICTIM, password: PWNED }, deviceToken: text.replaceAll(';', '') },
        ],
        [
          'POST',
          '/sessions',
          {
            form: { email: VICTIM, password: PWNED },
            headers: { 'user-agent': text, 'accept-language': text, 'x-forwarded-for': text },
          },
        ],
      ] as const
      for (const [method, path, request] of requests) {
        const answer = await send(auth, method, path, request)
        expect(answer.status, `${method} ${path} ${text}`).toBeGreaterThanOrEqual(400)
        expect(answer.status, `${method} ${path} ${text}`).toBeLessThan(500)
      }
      expect(await outcome(send(auth, 'POST', '/reset_password', { form: { email: text } })), text).toBe(
        '200',
      )
    }
    // These are valid addresses, so they reach the database. The password would match any account they found.
    for (const email of ["'or'1'='1'--@example.com", "'or'1'='1'/*@example.com", `victim'||'@example.com`]) {
      const form = { email, password: PASSWORD }
      expect(await outcome(send(auth, 'POST', '/sessions', { form })), email).toBe(WRONG)
      expect(await outcome(send(auth, 'POST', '/reset_password', { form: { email } })), email).toBe('200')
    }
    expect(await newMails()).toEqual([])
    expect(await db.selectFrom('users').selectAll().execute()).toEqual(users)
    // A user agent may contain SQL, and is stored unchanged.
    const [, injection = ''] = SQL
    const headers = { 'user-agent': injection }
    await send(auth, 'POST', '/sessions', { form: { email: VICTIM, password: PASSWORD }, headers })
    const agents = await db
      .selectFrom('sessions')
      .select('user_agent')
      .where('user_agent', 'is not', null)
      .execute()
    expect(agents).toEqual([{ user_agent: injection }])
    // Concatenated into a statement, the same text works as an injection.
    const naive = await sql.raw(`select email from users where email = '${injection}'`).execute(db)
    expect(naive.rows).toEqual([{ email: VICTIM }])
  })

  it('with a zero byte is read to the end, in a password and in an address', async () => {
    const service = await productionAuth(engine, {
      ...GENEROUS,
      hasher: createHasher({ passwordHash: 'bcrypt', bcryptCost: 4 }),
    })
    const { auth } = service
    await addMember(auth)
    const withZero = `${PASSWORD}\0 and what comes behind it`
    const email = 'zero@example.com'
    await auth.users.create({ email, password: withZero, confirmed: true })
    const logIn = (email: string, password: string) =>
      outcome(send(auth, 'POST', '/sessions', { json: { email, password } }))
    // To a bcrypt that stops at the zero byte, all of these are one password.
    const cut = (password: string) => password.split('\0', 1)[0] ?? ''
    for (const guess of [PASSWORD, `${PASSWORD}\0`, `${PASSWORD}\0 and something else`]) {
      expect(cut(guess)).toBe(cut(withZero))
      expect(await logIn(email, guess), JSON.stringify(guess)).toBe(WRONG)
      expect(await logIn(VICTIM, guess)).toBe(guess === PASSWORD ? '200' : WRONG)
    }
    expect(await logIn(email, withZero)).toBe('200')
    expect(await logIn(`${VICTIM}\0`, PASSWORD)).toBe(WRONG)
    expect(await logIn(`${VICTIM}\0@evil.example`, PASSWORD)).toBe(WRONG)
  })

  it('Okta, October 2024: is refused with only the first 72 bytes of a password, in every flow', async () => {
    const long = `${'the beginning of a very long sentence '.repeat(2)}and its end`
    const start = long.slice(0, 72)
    const twin = `${start}another end`
    // Plain bcrypt accepts them.
    expect(await bcryptVerify(twin, await bcryptHash(long, 4))).toBe(true)
    expect(await bcryptVerify(start, await bcryptHash(long, 4))).toBe(true)

    for (const passwordHash of ['bcrypt', 'argon2id'] as const) {
      const hasher = createHasher({ passwordHash, bcryptCost: 4 })
      const service = await productionAuth(engine, { ...GENEROUS, hasher })
      const { auth, mailedLink } = service
      await addMember(auth, VICTIM, long)
      const others = [start, twin, `${long} `, long.slice(0, -1), `${long}\0`]
      const opensWith = async () => {
        for (const other of others)
          expect(
            await outcome(send(auth, 'POST', '/sessions', { form: { email: VICTIM, password: other } })),
          ).toBe(WRONG)
        return (await signIn(auth, VICTIM, { password: long })).sessionToken
      }
      const sessionToken = await opensWith()
      for (const other of others) {
        const json = { current_password: other, new_password: PWNED }
        expect(await outcome(send(auth, 'PUT', '/profile/password', { json, sessionToken }))).toBe(WRONG)
        expect(
          await outcome(send(auth, 'POST', '/reauthenticate', { json: { password: other }, sessionToken })),
        ).toBe(WRONG)
      }
      // Passwords set by a reset or a change behave as those set at registration.
      await send(auth, 'POST', '/reset_password', { form: { email: VICTIM } })
      const { token } = await mailedLink('reset_password')
      const form = { email: VICTIM, reset_token: token, new_password: long }
      expect(await outcome(send(auth, 'PUT', '/reset_password', { form }))).toBe('200')
      const again = await opensWith()
      const json = { current_password: long, new_password: twin }
      const changed = await send(auth, 'PUT', '/profile/password', { json, sessionToken: again })
      expect(cookieIn(changed, 'session_id')).toBeDefined()
      for (const other of [start, long])
        expect(
          await outcome(send(auth, 'POST', '/sessions', { form: { email: VICTIM, password: other } })),
        ).toBe(WRONG)
      expect((await signIn(auth, VICTIM, { password: twin })).sessionToken).toHaveLength(80)
    }
    // At Okta, a long user name filled the 72 bytes. Here the address is not part of the hashed text.
    const name = `${'n'.repeat(63)}@example.com`
    expect(await bcryptVerify(name + PWNED, await bcryptHash(name + PASSWORD, 4))).toBe(true)
    const { auth } = await productionAuth(engine, GENEROUS)
    await addMember(auth, name)
    for (const [password, expected] of [
      [PWNED, WRONG],
      [PASSWORD, '200'],
    ] as const)
      expect(await outcome(send(auth, 'POST', '/sessions', { form: { email: name, password } }))).toBe(
        expected,
      )
  })

  it('with a method or a path that another layer could read differently reaches nothing', async () => {
    const { auth, db, newMails } = await productionAuth(engine, GENEROUS)
    await addMember(auth)
    const { sessionToken } = await signIn(auth)
    await newMails()
    const before = await everyRow(db)
    for (const path of [
      '/profile;a=b',
      '/profile/.',
      '/profile%2fexport',
      '/profile/export/',
      '/PROFILE',
      '/profile.json',
      '/./../profile%20',
      '/admin',
      '/users',
      '/users/1',
      '/audit',
      '/metrics',
      '/.env',
      '/openapi.json',
      '/bienvenue.db',
    ]) {
      const answer = await send(auth, 'GET', path, {
        sessionToken,
        headers: { 'x-original-url': '/profile', 'x-rewrite-url': '/profile/export' },
      })
      expect([404, 405], path).toContain(answer.status)
      expect(await answer.text()).not.toContain(VICTIM)
    }
    for (const method of ['PUT', 'POST', 'PROPFIND', 'PURGE', 'DEBUG'])
      expect((await send(auth, method, '/profile', { sessionToken })).status, method).toBe(405)
    expect(await everyRow(db)).toEqual(before)
    expect(await outcome(send(auth, 'GET', '/profile', { sessionToken }))).toBe('200')
  })
})

it('production mode refuses to start with a missing, guessable or short secret key', async () => {
  const start = (secretKey: string | undefined) =>
    createAuth({
      mode: 'production',
      databaseUrl: 'sqlite:/nowhere/at-all.db',
      baseUrl: BASE_URL,
      breachCheckUrl: 'off',
      mailer: memoryMailer(),
      ...(secretKey !== undefined && { secretKey }),
    })
  const samples = [
    undefined,
    '',
    'secret',
    'changeme',
    Buffer.alloc(32).toString('base64url'),
    Buffer.from('changeme'.repeat(4)).toString('base64url'),
    Buffer.from('0123456789abcdef0123456789abcdef').toString('base64url'),
    Buffer.from('short but random').toString('base64url'),
  ]
  const problemsWith = (secretKey: string | undefined) =>
    start(secretKey).then(
      () => [],
      ({ problems = [] }: { problems?: { option: string }[] }) => problems.map(({ option }) => option),
    )
  for (const secretKey of samples) expect(await problemsWith(secretKey), secretKey).toContain('secretKey')
  expect(await problemsWith(randomKey())).toEqual(['databaseUrl'])
})
