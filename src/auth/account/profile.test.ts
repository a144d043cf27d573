import { expect, it } from 'vitest'
import { onEachEngine } from '../../../test/support/engines.ts'
import { PASSWORD, productionAuth } from '../../../test/support/production.ts'
import { send } from '../../../test/support/send.ts'
import type { AuditRecord } from '../../index.ts'
import { PROFILE_UPDATES_PER_HOUR } from './limits.ts'

const BOB = 'bob@example.com'
const PRIVATE = { customer: 'cus_9s6XKzkNRiz8i3' }

onEachEngine('a change of one’s own profile', (engine) => {
  async function withBob() {
    const audit: AuditRecord[] = []
    const service = await productionAuth(engine, { onAudit: (record) => void audit.push(record) })
    const { auth } = service
    const account = { email: BOB, password: PASSWORD, confirmed: true }
    const { id } = await auth.users.create({
      ...account,
      metadata: { plan: 'pro' },
      privateMetadata: PRIVATE,
    })
    const sessionToken = (await auth.createSession(BOB)) ?? expect.unreachable()
    const patch = async (json: Readonly<Record<string, unknown>>, request = {}) => {
      const answer = await send(auth, 'PATCH', '/profile', { json, sessionToken, ...request })
      return { status: answer.status, ...((await answer.json()) as Record<string, unknown>) }
    }
    audit.length = 0
    return { ...service, id, sessionToken, patch, audit }
  }

  it('writes the given fields, keeps the others and returns the account', async () => {
    const { auth, id, sessionToken, patch, audit, now } = await withBob()
    const profile = { name: 'Bob', picture: 'https://example.com/bob.png', locale: 'fr-CA' }
    const user = {
      id,
      email: BOB,
      created_at: now().toISOString(),
      email_verified_at: now().toISOString(),
      ...profile,
      metadata: { plan: 'pro' },
    }
    expect(await patch(profile)).toEqual({ status: 200, user })
    expect(await patch({ picture: null })).toEqual({ status: 200, user: { ...user, picture: null } })
    const changed = await auth.account.update({ name: ' Robert ', picture: undefined }, { sessionToken })
    expect(changed).toMatchObject({ id, name: 'Robert', picture: null, locale: 'fr-CA' })
    expect(await auth.account.get({ sessionToken })).toEqual(changed)
    expect((await auth.sessions.current({ sessionToken }))?.user).toEqual(changed)
    expect(audit).toMatchObject(
      ['name, picture, locale', 'picture', 'name'].map((fields) => ({
        action: 'update_profile',
        actor: 'user',
        userId: id,
        details: { fields },
      })),
    )
    expect(JSON.stringify(audit)).not.toContain('Robert')
  })

  it('sets the language of mail', async () => {
    const { auth, sessionToken, newMails } = await withBob()
    await auth.account.update({ locale: 'fr-CA' }, { sessionToken })
    await auth.account.requestPasswordReset({ email: BOB }, { acceptLanguage: 'en' })
    expect(await newMails()).toMatchObject([{ kind: 'reset_password', language: 'fr' }])
  })

  it.each([
    ['name', 'Bob\u202egnp'],
    ['name', 'Bob\nBuilder'],
    ['name', 'x'.repeat(201)],
    ['picture', 'javascript:alert(1)'],
    ['picture', 'data:text/html,<script>alert(1)</script>'],
    ['picture', 'http://example.com/bob.png'],
    ['picture', `https://example.com/${'x'.repeat(2_048)}`],
    ['locale', 'English'],
  ])('refuses the %s %j, and writes nothing', async (field, value) => {
    const { auth, sessionToken, patch, audit } = await withBob()
    const before = await auth.account.get({ sessionToken })
    const others = { name: 'Robert', locale: 'de', [field]: value }
    expect(await patch(others)).toMatchObject({ status: 400, code: 'invalid_field', field })
    await expect(auth.account.update(others, { sessionToken })).rejects.toMatchObject({
      code: 'invalid_field',
      field,
      message: expect.stringMatching(new RegExp(`^The ${field} .+\\.$`)),
    })
    expect(await auth.account.get({ sessionToken })).toEqual(before)
    expect(audit).toEqual([])
  })

  it.each([
    'id',
    'email',
    'role',
    'hashed_password',
    'hashedPassword',
    'email_verified_at',
    'disabledAt',
    'metadata',
    'metadataJson',
    'metadata_json',
    'private_metadata',
    'privateMetadata',
    'privateMetadataJson',
    'constructor',
    '__proto__',
  ])('cannot write %s [API-02]', async (field) => {
    const { auth, db, sessionToken, patch, id } = await withBob()
    const row = () => db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst()
    const before = await row()
    const fields = JSON.parse(`{"name":"Robert","${field}":{"plan":"free"}}`)
    const refusal = { code: 'unknown_field', field }
    expect(await patch(fields)).toMatchObject({ status: 400, code: 'unknown_field' })
    // A program may pass on what a client sent.
    await expect(auth.account.update(fields, { sessionToken })).rejects.toMatchObject(refusal)
    expect(await row()).toEqual(before)
    // Registration also writes a profile.
    const account = JSON.parse(
      `{"email":"rob@example.com","password":"${PASSWORD}","${field}":{"plan":"free"}}`,
    )
    if (field !== 'email') {
      const answer = await send(auth, 'POST', '/users', { json: account })
      expect(await answer.json()).toMatchObject({ code: 'unknown_field' })
      expect(await auth.users.find('rob@example.com')).toBeNull()
    }
  })

  it('needs at least one field, and each field some text', async () => {
    const { auth, sessionToken, patch } = await withBob()
    expect(await patch({})).toMatchObject({ status: 400, code: 'missing_field' })
    expect(await patch({ name: '' })).toMatchObject({ status: 400, code: 'missing_field', field: 'name' })
    for (const changes of [{}, { name: undefined }])
      await expect(auth.account.update(changes, { sessionToken })).rejects.toMatchObject({
        code: 'missing_field',
      })
  })

  it('needs a session, and a request from the same origin', async () => {
    const { patch } = await withBob()
    const json = { name: 'Mallory' }
    expect(await patch(json, { sessionToken: undefined })).toMatchObject({
      status: 401,
      code: 'unauthenticated',
    })
    for (const headers of [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ])
      expect(await patch(json, { headers })).toMatchObject({ status: 403, code: 'foreign_origin' })
    expect(await patch(json)).toMatchObject({ status: 200 })
  })

  it('is limited per account and hour', async () => {
    const { auth, sessionToken, now } = await withBob()
    const rename = () => auth.account.update({ name: 'Bob' }, { sessionToken })
    for (let change = 0; change < PROFILE_UPDATES_PER_HOUR; change++) await rename()
    await expect(rename()).rejects.toMatchObject({ code: 'too_many_attempts', retryAfterSeconds: 3_600 })
    now.advance(3_600)
    await rename()
  })

  it('answers with no private metadata and no hash, and neither does any other route', async () => {
    const { auth, sessionToken, patch } = await withBob()
    const { hashedPassword } = await auth.db.findUserBy({ email: BOB })
    const said = [JSON.stringify(await patch({ name: 'Bob' }))]
    for (const [method, path] of [
      ['GET', '/profile'],
      ['GET', '/session'],
      ['GET', '/sessions'],
      ['POST', '/profile/export'],
    ] as const)
      said.push(await (await send(auth, method, path, { sessionToken })).text())
    const json = { email: BOB, password: PASSWORD }
    const signIn = await send(auth, 'POST', '/sessions', { json })
    said.push(await signIn.text(), JSON.stringify([...signIn.headers]))
    const results = [
      await auth.account.get({ sessionToken }),
      await auth.sessions.current({ sessionToken }),
      await auth.getSession({ cookie: `__Host-session_id=${sessionToken}` }),
      await auth.users.find(BOB),
      await Array.fromAsync(auth.users.list()),
      await auth.signIn.withPassword(json),
      await auth.account.export({ sessionToken }),
    ]
    for (const text of [...said, ...results.map((result) => JSON.stringify(result))]) {
      for (const secret of [PRIVATE.customer, 'rivate_metadata', 'rivateMetadata', hashedPassword])
        expect(text).not.toContain(secret)
    }
    // The search finds what is there.
    expect(JSON.stringify(results[2])).toContain('"plan":"pro"')
    expect(said.join()).toContain('"plan":"pro"')
  })
})

onEachEngine('registration', (engine) => {
  it('takes a name and a language, from visitors too', async () => {
    const { auth, newMails } = await productionAuth(engine)
    const json = { email: BOB, password: PASSWORD, name: 'Bob', locale: 'fr' }
    const answer = await send(auth, 'POST', '/users', { json, headers: { 'accept-language': 'en' } })
    expect(await answer.json()).toEqual({ email: BOB, message: 'user created' })
    expect(await newMails()).toMatchObject([{ kind: 'verify_email', language: 'fr' }])
    expect((await auth.users.find(BOB))?.user).toMatchObject({ name: 'Bob', locale: 'fr', picture: null })
    // The address is taken: the answer is the same, and the account keeps its name.
    const again = await send(auth, 'POST', '/users', { json: { ...json, name: 'Mallory' } })
    expect(await again.json()).toEqual({ email: BOB, message: 'user created' })
    expect((await auth.users.find(BOB))?.user).toMatchObject({ name: 'Bob' })
    expect(JSON.stringify(await newMails())).not.toContain('Mallory')
  })

  it('without them takes the language of the request', async () => {
    const { auth } = await productionAuth(engine)
    const json = { email: BOB, password: PASSWORD, name: null, locale: null }
    await send(auth, 'POST', '/users', { json, headers: { 'accept-language': 'fr' } })
    expect((await auth.users.find(BOB))?.user).toMatchObject({ name: null, locale: 'fr' })
  })

  it('refuses a name with a line break, for a new address and a taken one', async () => {
    const { auth } = await productionAuth(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    for (const email of [BOB, 'rob@example.com']) {
      const answer = await send(auth, 'POST', '/users', { json: { email, password: PASSWORD, name: 'a\nb' } })
      expect(await answer.json()).toMatchObject({ code: 'invalid_field', field: 'name' })
    }
    expect(await auth.users.find('rob@example.com')).toBeNull()
  })
})
