/** Members of the metadata that users write: at sign-up, in their profile, in exports, in the audit log and in OpenAPI. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { createClient } from '../../src/client/index.ts'
import { type AuditRecord, type Auth, type CreateAuthOptions, createAuth } from '../../src/index.ts'
import { type EngineName, freshAuth, onBothEngines } from '../support/engines.ts'
import { PASSWORD, productionAuth } from '../support/production.ts'
import { type Send, send } from '../support/send.ts'

const BOB = 'bob@example.com'
const EVE = 'eve@example.com'

const USER_FIELDS = {
  companyName: { label: { en: 'Company', fr: 'Entreprise' }, required: true, maxLength: 80 },
  employees: { label: 'Employees', type: 'number' },
  letters: { label: 'Send me letters', type: 'boolean' },
  size: { label: 'Size', choices: { small: 'Small', large: 'Large' } },
} as const satisfies CreateAuthOptions['userFields']

const SCHEMA = z.strictObject({
  companyName: z.string().refine((name) => name !== 'Umbrella', 'not this one'),
  employees: z.number().min(1).optional(),
  letters: z.boolean().optional(),
  size: z.string().optional(),
  plan: z.enum(['free', 'pro']).default('free'),
})

async function json(answer: Response): Promise<Record<string, unknown>> {
  return { status: answer.status, ...((await answer.json()) as object) }
}

/** A service that takes registrations, in the mode of the exercise. */
async function open(engine: EngineName, options: CreateAuthOptions = {}) {
  const audit: AuditRecord[] = []
  const auth = await freshAuth(engine, {
    userFields: USER_FIELDS,
    metadataSchema: { public: SCHEMA },
    onAudit: (record) => void audit.push(record),
    ...options,
  })
  const post = async (request: Send) => json(await send(auth, 'POST', '/users', request))
  const register = (metadata: unknown, email = BOB) =>
    post({ json: { email, password: PASSWORD, ...(metadata !== undefined && { metadata }) } })
  const metadataOf = async (email = BOB) => (await auth.users.find(email))?.user.metadata
  return { auth, audit, post, register, metadataOf }
}

/** The same with Bob, who is signed in. */
async function withBob(engine: EngineName, options: CreateAuthOptions = {}) {
  const service = await open(engine, options)
  const { auth } = service
  const metadata = { companyName: 'Builders', plan: 'pro', size: 'small' }
  const { id } = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true, metadata })
  const sessionToken = (await auth.createSession(BOB)) ?? expect.unreachable()
  const patch = async (body: object) =>
    json(await send(auth, 'PATCH', '/profile', { json: { ...body }, sessionToken }))
  service.audit.length = 0
  return { ...service, id, sessionToken, patch }
}

/** Fields that a client may not send, with the refusal. */
const REFUSED: readonly [what: string, metadata: unknown, code: string, field: string][] = [
  ['a member that users cannot write', { companyName: 'x', plan: 'pro' }, 'unknown_field', 'metadata.plan'],
  [
    'a prototype',
    JSON.parse('{"companyName":"x","__proto__":{"isAdmin":true}}'),
    'unknown_field',
    'metadata.__proto__',
  ],
  ['a constructor', { companyName: 'x', constructor: 'y' }, 'unknown_field', 'metadata.constructor'],
  [
    'a name of an inherited member',
    { companyName: 'x', toString: 'y' },
    'unknown_field',
    'metadata.toString',
  ],
  ['a long name', { companyName: 'x', ['y'.repeat(9_000)]: 'y' }, 'unknown_field', 'metadata'],
  ['an object', { companyName: { first: 'x' } }, 'invalid_field', 'metadata.companyName'],
  ['a list', { companyName: ['x'] }, 'invalid_field', 'metadata.companyName'],
  ['a number as text', { companyName: 7 }, 'invalid_field', 'metadata.companyName'],
  ['long text', { companyName: 'x'.repeat(81) }, 'invalid_field', 'metadata.companyName'],
  ['invisible text', { companyName: 'x\u202ey' }, 'invalid_field', 'metadata.companyName'],
  ['a lone surrogate', { companyName: '\ud800' }, 'invalid_field', 'metadata.companyName'],
  ['what the schema refuses', { companyName: 'Umbrella' }, 'invalid_field', 'metadata.companyName'],
  ['words for a number', { companyName: 'x', employees: 'many' }, 'invalid_field', 'metadata.employees'],
  [
    'a number in another notation',
    { companyName: 'x', employees: '0x10' },
    'invalid_field',
    'metadata.employees',
  ],
  [
    'a number that the schema refuses',
    { companyName: 'x', employees: 0 },
    'invalid_field',
    'metadata.employees',
  ],
  ['a number for a boolean', { companyName: 'x', letters: 1 }, 'invalid_field', 'metadata.letters'],
  ['another choice', { companyName: 'x', size: 'huge' }, 'invalid_field', 'metadata.size'],
  ['an inherited choice', { companyName: 'x', size: 'toString' }, 'invalid_field', 'metadata.size'],
  ['text in place of an object', 'companyName', 'invalid_field', 'metadata'],
  ['an array in place of an object', ['companyName'], 'invalid_field', 'metadata'],
  ['a required field without a value', { companyName: null }, 'missing_field', 'metadata.companyName'],
  ['a required field with empty text', { companyName: '' }, 'missing_field', 'metadata.companyName'],
]

onBothEngines('user fields at sign-up', (engine) => {
  it('are stored with the account, as the schema returns them, and hooks get them', async () => {
    const asked: unknown[] = []
    const { register, metadataOf, audit } = await open(engine, {
      hooks: { beforeSignUp: ({ metadata }) => void asked.push(metadata) },
    })
    expect(await register({ companyName: ' Builders  Ltd ', employees: 12, letters: true })).toEqual({
      status: 200,
      email: BOB,
      message: 'user created',
    })
    const stored = { companyName: 'Builders Ltd', employees: 12, letters: true, plan: 'free' }
    expect(await metadataOf()).toEqual(stored)
    expect(asked).toEqual([stored])
    expect(JSON.stringify(audit)).not.toContain('Builders')
  })

  it('are refused with their name, and no account is made [API-02]', async () => {
    const asked: unknown[] = []
    const { auth, audit, register } = await open(engine, {
      hooks: { beforeSignUp: (attempt) => void asked.push(attempt) },
    })
    for (const [what, metadata, code, field] of REFUSED)
      expect(await register(metadata), what).toMatchObject({ status: 400, code, field })
    for (const metadata of [undefined, {}, { letters: true }])
      expect(await register(metadata)).toMatchObject({
        status: 400,
        code: 'missing_field',
        field: 'metadata.companyName',
      })
    expect(await Array.fromAsync(auth.users.list())).toEqual([])
    expect([asked, audit]).toEqual([[], []])
    expect({}).not.toHaveProperty('isAdmin')
  })
})

describe('user fields of a form', () => {
  const parts = { email: BOB, password: PASSWORD }
  const fields = {
    'metadata.companyName': 'Builders',
    'metadata.employees': '12.5',
    'metadata.letters': 'on',
  }
  const stored = { companyName: 'Builders', employees: 12.5, letters: true, plan: 'free' }

  it('are fields of their own', async () => {
    const { post, metadataOf } = await open('sqlite')
    expect(await post({ form: { ...parts, ...fields } })).toMatchObject({ status: 200 })
    expect(await metadataOf()).toEqual(stored)
    const multipart = new FormData()
    for (const [name, value] of Object.entries({ ...parts, ...fields, email: EVE }))
      multipart.append(name, value)
    expect(await post({ body: multipart })).toMatchObject({ status: 200 })
    expect(await metadataOf(EVE)).toEqual(stored)
  })

  it.each<[what: string, more: string, refusal: object]>([
    [
      'twice',
      'metadata.companyName=x&metadata.companyName=y',
      { code: 'repeated_field', field: 'metadata.companyName' },
    ],
    [
      'not theirs',
      'metadata.companyName=x&metadata.plan=pro',
      { code: 'unknown_field', field: 'metadata.plan' },
    ],
    [
      'a prototype',
      'metadata.companyName=x&metadata.__proto__=y',
      { code: 'unknown_field', field: 'metadata.__proto__' },
    ],
    [
      'both as one and alone',
      'metadata=x&metadata.companyName=x',
      { code: 'repeated_field', field: 'metadata' },
    ],
  ])('are refused %s', async (_, more, refusal) => {
    const { auth, post } = await open('sqlite')
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = `email=${encodeURIComponent(BOB)}&password=${encodeURIComponent(PASSWORD)}&${more}`
    expect(await post({ body, headers })).toMatchObject({ status: 400, ...refusal })
    expect(await auth.users.find(BOB)).toBeNull()
  })

  it('have no such names in JSON, where no name may be repeated', async () => {
    const { post } = await open('sqlite')
    expect(await post({ json: { ...parts, 'metadata.companyName': 'x' } })).toMatchObject({
      code: 'unknown_field',
      field: 'metadata.companyName',
    })
    const body = `{"email":"${BOB}","password":"${PASSWORD}","metadata":{"companyName":"x","companyName":"y"}}`
    expect(await post({ body, headers: { 'content-type': 'application/json' } })).toMatchObject({
      code: 'repeated_field',
      field: 'metadata.companyName',
    })
  })
})

describe('a service without user fields', () => {
  it('takes no metadata from users, with the classic refusal', async () => {
    const { auth, post, register } = await open('sqlite', { userFields: undefined })
    expect(await register({})).toMatchObject({ status: 400, code: 'unknown_field', field: 'metadata' })
    expect(await post({ form: { email: BOB, password: PASSWORD, 'metadata.plan': 'pro' } })).toMatchObject({
      code: 'unknown_field',
      field: 'metadata.plan',
    })
    const metadata = { plan: 'pro' }
    await expect(auth.account.register({ email: BOB, password: PASSWORD, metadata })).rejects.toMatchObject({
      code: 'unknown_field',
      field: 'metadata',
    })
    expect(await auth.account.register({ email: BOB, password: PASSWORD })).toEqual({ email: BOB })
  })
})

describe('a schema that requires what people cannot enter', () => {
  const company = { label: 'Company', required: true } as const
  const created = (options: CreateAuthOptions) => freshAuth('sqlite', options)

  it.each<[what: string, schema: z.ZodType<object>]>([
    ['beside a user field', z.object({ company: z.string(), plan: z.enum(['free', 'pro']) })],
    ['after a field that is refused', z.object({ company: z.string().min(20), plan: z.string() })],
    ['inside an object', z.object({ company: z.string(), plan: z.object({ name: z.string() }) })],
    ['asynchronously', z.object({ company: z.string().refine(async () => true), plan: z.string() })],
  ])('is refused at the start, because nobody could sign up: %s', async (_, schema) => {
    const options = { userFields: { company }, metadataSchema: { public: schema as never } }
    await expect(created(options)).rejects.toThrow(
      expect.objectContaining({
        name: 'OptionError',
        option: 'userFields',
        message: expect.stringMatching(/nobody could sign up: metadataSchema\.public requires "plan"/),
      }),
    )
    // The program sets the plan of each account that it adds.
    await created({ ...options, registration: 'closed' })
    await created({ ...options, userFields: { company: { label: 'Company' } } })
  })

  it.each<[what: string, schema: z.ZodType<object>]>([
    ['has a default', z.object({ company: z.string(), plan: z.string().default('free') })],
    ['is optional', z.object({ company: z.string(), plan: z.string().optional() })],
    ['concerns the whole', z.object({ company: z.string() }).refine(({ company }) => company !== 'x')],
    ['refuses the sample of a field', z.object({ company: z.string().min(20) })],
    ['throws', z.object({ company: z.string() }).transform(() => expect.unreachable('by the sample'))],
  ])('is accepted if it %s', async (_, schema) => {
    await created({ userFields: { company }, metadataSchema: { public: schema as never } })
  })
})

describe('uniform answers', () => {
  it('refuse the same metadata for a new and a taken address, before any look-up [LGN-07]', async () => {
    const { auth } = await productionAuth('sqlite', { userFields: USER_FIELDS })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const answers = async (email: string) => {
      const found: unknown[] = []
      for (const [, metadata] of [...REFUSED, ['good', { companyName: 'x' }] as const]) {
        const answer = await send(auth, 'POST', '/users', { json: { email, password: PASSWORD, metadata } })
        const { request_id, email: _, ...body } = (await answer.json()) as Record<string, unknown>
        found.push([answer.status, body])
      }
      return found
    }
    expect(await answers(EVE)).toEqual(await answers(BOB))
    expect((await auth.users.find(BOB))?.user.metadata).toEqual({})
  })
})

onBothEngines('user fields of one’s own profile', (engine) => {
  it('are merged into the metadata, and the audit log names them', async () => {
    const { auth, sessionToken, patch, audit, id } = await withBob(engine)
    expect(await patch({ metadata: { employees: 3 } })).toMatchObject({
      status: 200,
      user: { metadata: { companyName: 'Builders', plan: 'pro', size: 'small', employees: 3 } },
    })
    const metadata = { employees: null, size: '', companyName: 'Wreckers' }
    const changed = await auth.account.update({ name: 'Bob', metadata }, { sessionToken })
    expect(changed).toMatchObject({ name: 'Bob', metadata: { companyName: 'Wreckers', plan: 'pro' } })
    expect(changed.metadata).toEqual({ companyName: 'Wreckers', plan: 'pro' })
    expect(audit).toMatchObject([
      { action: 'update_profile', actor: 'user', userId: id, details: { fields: 'metadata.employees' } },
      {
        action: 'update_profile',
        details: { fields: 'name, metadata.employees, metadata.size, metadata.companyName' },
      },
    ])
    expect(JSON.stringify(audit)).not.toContain('Wreckers')
  })

  it('are refused with their name, and nothing is changed [API-02]', async () => {
    const { auth, sessionToken, patch, audit } = await withBob(engine)
    const before = await auth.account.get({ sessionToken })
    for (const [what, metadata, code, field] of REFUSED)
      expect(await patch({ name: 'Robert', metadata }), what).toMatchObject({ status: 400, code, field })
    expect(await patch({ metadata: {} })).toMatchObject({ status: 400, code: 'missing_field' })
    expect(await auth.account.get({ sessionToken })).toEqual(before)
    expect(audit).toEqual([])
  })

  it('keep what another request writes at the same time', async () => {
    const { auth, id, sessionToken } = await withBob(engine)
    const metadata = [{ employees: 7 }, { letters: true }, { size: 'large' }]
    await Promise.all([
      ...metadata.map((each) => auth.account.update({ metadata: each }, { sessionToken })),
      auth.account.update({ name: 'Bob' }, { sessionToken }),
    ])
    expect(await auth.account.get({ sessionToken })).toMatchObject({
      id,
      name: 'Bob',
      metadata: { companyName: 'Builders', plan: 'pro', employees: 7, letters: true, size: 'large' },
    })
  })

  it('start again if the program changes the metadata while the schema runs', async () => {
    const changes = [{ plan: 'free' }]
    const schema = SCHEMA.transform(async (value) => {
      const next = sessionToken === '' ? undefined : changes.pop()
      if (next !== undefined) await auth.users.update(id, { metadata: { companyName: 'Other', ...next } })
      return value
    })
    let sessionToken = ''
    const service = await withBob(engine, { metadataSchema: { public: schema } })
    const { auth, id } = service
    sessionToken = service.sessionToken
    const changed = await auth.account.update({ metadata: { employees: 5 } }, { sessionToken })
    expect(changed.metadata).toEqual({ companyName: 'Other', plan: 'free', employees: 5 })
  })

  it('must all be there once one is written, if they are required', async () => {
    const { auth, sessionToken, patch, id } = await withBob(engine)
    await auth.users.update(id, { metadata: null })
    expect(await patch({ name: 'Bob' })).toMatchObject({ status: 200 })
    expect(await patch({ metadata: { employees: 2 } })).toMatchObject({
      status: 400,
      code: 'missing_field',
      field: 'metadata.companyName',
    })
    expect(await patch({ metadata: { companyName: 'New' } })).toMatchObject({ status: 200 })
    expect((await auth.account.get({ sessionToken })).metadata).toEqual({ companyName: 'New', plan: 'free' })
  })

  it('are in the export of the account and of the service, and are deleted with the account', async () => {
    const { auth, sessionToken, patch } = await withBob(engine)
    await patch({ metadata: { employees: 3 } })
    const metadata = { companyName: 'Builders', plan: 'pro', size: 'small', employees: 3 }
    expect((await auth.account.export({ sessionToken })).account.metadata).toEqual(metadata)
    const [moved] = await Array.fromAsync(auth.transfer.exportUsers())
    expect(moved?.metadata).toEqual(metadata)
    await auth.account.delete({ sessionToken })
    expect(await Array.fromAsync(auth.users.list())).toEqual([])
  })
})

it('refuses metadata that is too large as a whole', async () => {
  const { auth, sessionToken, patch, id } = await withBob('sqlite', { metadataSchema: undefined })
  const large = { companyName: 'x', notes: 'x'.repeat(8_100) }
  await auth.users.update(id, { metadata: large })
  expect(await patch({ metadata: { companyName: 'y'.repeat(80) } })).toMatchObject({
    status: 400,
    code: 'invalid_field',
    field: 'metadata',
  })
  expect((await auth.account.get({ sessionToken })).metadata).toEqual(large)
})

it('a required box must be ticked', async () => {
  const userFields = { terms: { label: 'I agree', type: 'boolean', required: true } } as const
  const { register, metadataOf } = await open('sqlite', { userFields, metadataSchema: undefined })
  for (const metadata of [{}, { terms: false }, { terms: null }])
    expect(await register(metadata)).toMatchObject({ code: 'missing_field', field: 'metadata.terms' })
  expect(await register({ terms: true })).toMatchObject({ status: 200 })
  expect(await metadataOf()).toEqual({ terms: true })
})

it('the client sends user fields', async () => {
  const { auth, metadataOf } = await open('sqlite')
  const client = createClient({
    baseUrl: 'http://localhost:5000',
    fetch: (url, init) => auth.fetch(new Request(url, { ...init, redirect: 'manual', credentials: 'omit' })),
    token: () => token,
  })
  let token: string | null = null
  const account = { email: BOB, password: PASSWORD }
  const refused = await client.account.register(account)
  expect(refused).toMatchObject({
    ok: false,
    error: { code: 'missing_field', field: 'metadata.companyName' },
  })
  expect(await client.account.register({ ...account, metadata: { companyName: 'Builders' } })).toMatchObject({
    ok: true,
  })
  token = await auth.sessions.create({ email: BOB, transport: 'bearer' })
  expect(await client.account.update({ metadata: { size: 'large', employees: null } })).toMatchObject({
    ok: true,
    data: { user: { metadata: { companyName: 'Builders', size: 'large' } } },
  })
  expect(await metadataOf()).toEqual({ companyName: 'Builders', size: 'large', plan: 'free' })
})

describe('OpenAPI', () => {
  interface Body {
    properties: Record<string, unknown>
    required?: string[]
  }
  async function bodyOf(auth: Auth, method: string, path: string): Promise<Body> {
    const document = (await (await send(auth, 'GET', '/openapi.json')).json()) as {
      paths: Record<string, Record<string, { requestBody: { content: Record<string, { schema: Body }> } }>>
    }
    return (
      document.paths[path]?.[method]?.requestBody.content['application/json']?.schema ?? expect.unreachable()
    )
  }

  it('describes the fields, and which are required for whom', async () => {
    const { auth } = await open('sqlite')
    const register = await bodyOf(auth, 'post', '/users')
    expect(register.required).toEqual(['email', 'password', 'metadata'])
    expect(register.properties.metadata).toMatchObject({
      type: 'object',
      properties: {
        companyName: { type: ['string'], maxLength: 80 },
        employees: { type: ['number', 'null'] },
        letters: { type: ['boolean', 'null'] },
        size: { enum: ['small', 'large', null] },
      },
      required: ['companyName'],
      additionalProperties: false,
    })
    const update = await bodyOf(auth, 'patch', '/profile')
    expect(update.required).toBeUndefined()
    expect(update.properties.metadata).not.toHaveProperty('required')
  })

  it('has no metadata without user fields', async () => {
    const { auth } = await open('sqlite', { userFields: {} })
    expect(Object.keys((await bodyOf(auth, 'post', '/users')).properties)).not.toContain('metadata')
    expect(Object.keys((await bodyOf(auth, 'patch', '/profile')).properties)).toEqual([
      'name',
      'picture',
      'locale',
    ])
  })
})

it('wrong user fields stop the start, and the database is not opened', async () => {
  const opened = createAuth({ databaseUrl: 'sqlite::memory:', userFields: { a: { label: '' } } })
  onTestFinished(() => opened.then((auth) => auth.close()).catch(() => {}))
  await expect(opened).rejects.toMatchObject({ name: 'OptionError', option: 'userFields' })
})
