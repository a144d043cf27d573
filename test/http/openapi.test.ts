import { randomBytes } from 'node:crypto'
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import {
  clearsLoginCookie,
  errorsOf,
  type Need,
  OPERATIONS,
  type Operation,
  TOPICS,
} from '../../src/api/index.ts'
import { basePath } from '../../src/app/paths.ts'
import type { CreateAuthOptions, Mailer } from '../../src/index.ts'
import { ERRORS, type ErrorCode } from '../../src/model/errors.ts'
import { openAssets, openSite } from '../../src/pages/index.ts'
import { freshAuth } from '../support/engines.ts'

interface Answer {
  description: string
  headers?: Record<string, { description: string; schema: unknown }>
  content?: Record<string, { schema: unknown }>
}

interface Described {
  operationId: string
  tags: string[]
  security: unknown
  parameters?: { name: string; in: string; required: boolean; description: string }[]
  requestBody?: { required: boolean; content: Record<string, { schema: unknown }> }
  responses: Record<string, Answer>
}

interface Document extends Record<string, unknown> {
  openapi: string
  servers: unknown
  paths: Record<string, Record<string, Described>>
  components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> }
}

/** Options with which every operation is served. */
const EVERYTHING: CreateAuthOptions = {
  // Classic mode has no mailed codes.
  mode: 'development',
  publicApiDocs: true,
  baseUrl: 'https://example.com/auth',
  passkeyOrigins: 'https://example.fr',
  secretKey: randomBytes(32).toString('base64url'),
  mailer: { send: async () => {}, close() {} } satisfies Mailer,
}

/** The documented headers of refusals, by status. */
const HEADERS: Readonly<Record<number, string[]>> = {
  401: ['WWW-Authenticate'],
  415: ['Accept', 'Accept-Encoding'],
  429: ['Retry-After'],
  503: ['Retry-After'],
}

let whole: Promise<Document> | undefined

/** The document with every operation. */
function load(): Promise<Document> {
  whole ??= loadWith(EVERYTHING)
  return whole
}

/** The document as served with other options. */
async function loadWith(options: CreateAuthOptions): Promise<Document> {
  const auth = await freshAuth('sqlite', options)
  const response = await auth.fetch(new Request(`http://localhost${basePath(auth.options)}/openapi.json`))
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json')
  return (await response.json()) as Document
}

/** Every value within a JSON value, itself included. */
function* walk(value: unknown): Generator<unknown> {
  yield value
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) yield* walk(inner)
}

const objects = (value: unknown) =>
  [...walk(value)].filter(
    (each): each is Record<string, unknown> => typeof each === 'object' && each !== null,
  )

const namesIn = ({ paths }: Document) =>
  Object.entries(paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId}`,
      ),
    )
    .toSorted()

const namesOf = (operations: readonly Operation[]) =>
  operations.map(({ method, path, id }) => `${method} ${path} ${id}`).toSorted()

const statusesOf = (codes: readonly ErrorCode[]) => codes.map((code) => String(ERRORS[code].status))

describe('GET /openapi.json', () => {
  it('is a valid OpenAPI 3.1 document', async () => {
    const document = await load()
    const validator = new Validator()
    expect(await validator.validate(document)).toEqual({ valid: true })
    expect(document.openapi).toMatch(/^3\.1\./)
    expect(validator.version).toBe('3.1')
  })

  it('has no dangling reference', async () => {
    const whole = await load()
    const references = objects(whole).flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref] : []))
    expect(references.length).toBeGreaterThan(0)
    const dangling = references.filter((reference) => {
      const [root, ...steps] = reference.split('/')
      const target = steps.reduce<unknown>(
        (value, step) => (value as Record<string, unknown> | undefined)?.[step],
        whole,
      )
      return root !== '#' || target === undefined
    })
    expect([...new Set(dangling)]).toEqual([])
  })

  it('lists exactly the operations of the contract [API-01]', async () => {
    expect(namesIn(await load())).toEqual(namesOf(OPERATIONS))
    expect(new Set(OPERATIONS.map(({ id }) => id)).size).toBe(OPERATIONS.length)
  })

  it('omits operations that need mail, a base URL or a secret key if these are missing', async () => {
    const without = (...missing: Need[]) =>
      namesOf(OPERATIONS.filter(({ needs = [] }) => !needs.some((need) => missing.includes(need))))
    const mail = ['mail', 'mail_codes'] as const
    const withoutEither = without(...mail, 'totp', 'passkeys', 'factors', 'related_origins', 'providers')
    expect(withoutEither.length).toBeLessThan(OPERATIONS.length)
    for (const options of [{}, { mailer: EVERYTHING.mailer }])
      expect(namesIn(await loadWith(options))).toEqual(withoutEither)
    // Passkeys need only the base URL.
    expect(namesIn(await loadWith({ baseUrl: EVERYTHING.baseUrl }))).toEqual(
      without(...mail, 'totp', 'related_origins', 'providers'),
    )
  })

  it('lists exactly what is served: other paths are not found, other methods not allowed', async () => {
    for (const options of [{}, EVERYTHING]) {
      const auth = await freshAuth('sqlite', options)
      const { paths } = await loadWith(options)
      // Otherwise the one of the paths would not be found. It does not answer.
      const unreachable = { preset: 'oidc', id: 'x', issuer: 'http://127.0.0.1:1', clientId: 'x' } as const
      if (auth.options.secretKey !== '') await auth.providers.add(unreachable)
      const asset = openAssets(openSite(auth.options)).style.name
      for (const { method, path } of OPERATIONS) {
        const parameter = path === TOPICS.pages.asset.path ? asset : 'x'
        const address = `http://localhost${basePath(auth.options)}${path.replaceAll(/\{\w+\}/g, parameter)}`
        const response = await auth.fetch(new Request(address, { method }))
        // Without second factors, /sessions/pending is the path of a session.
        const served = paths[path] ?? (/^\/sessions\/\w+$/.test(path) ? paths['/sessions/{id}'] : undefined)
        const methods = Object.keys(served ?? {}).map((each) => each.toUpperCase())
        const { code } = response.headers.get('content-type')?.startsWith('application/json')
          ? ((await response.json()) as { code?: string })
          : {}
        if (methods.includes(method)) expect(['not_found', 'method_not_allowed'], address).not.toContain(code)
        else expect(code, address).toBe(methods.length === 0 ? 'not_found' : 'method_not_allowed')
      }
    }
  })

  it('is not served in production unless enabled', async () => {
    const production = {
      ...EVERYTHING,
      mode: 'production',
      publicApiDocs: false,
      secretKey: randomBytes(32).toString('base64'),
      breachCheckUrl: 'off',
    } as const
    const ask = async (options: CreateAuthOptions) => {
      const auth = await freshAuth('sqlite', options)
      return auth.fetch(new Request('https://example.com/auth/openapi.json'))
    }
    const hidden = await ask(production)
    expect([hidden.status, await hidden.json()]).toMatchObject([404, { code: 'not_found' }])
    const shown = (await (await ask({ ...production, publicApiDocs: true })).json()) as Document
    expect(namesIn(shown)).toEqual(namesOf(OPERATIONS))
    expect(shown.components.securitySchemes).toMatchObject({
      session: { type: 'apiKey', in: 'cookie', name: '__Host-session_id' },
    })
  })

  it('states the server URL, the session cookie and the bearer token', async () => {
    expect((await load()).servers).toEqual([{ url: 'https://example.com/auth' }])
    expect((await loadWith({})).servers).toEqual([{ url: '/' }])
    expect((await loadWith({})).components.securitySchemes).toEqual({
      session: { type: 'apiKey', in: 'cookie', name: 'session_id' },
      login: { type: 'apiKey', in: 'cookie', name: 'login', description: expect.any(String) },
      bearer: { type: 'http', scheme: 'bearer', description: expect.any(String) },
    })
  })

  it.each(OPERATIONS)('documents the success and every refusal of $method $path', async (operation) => {
    const described = (await load()).paths[operation.path]?.[operation.method.toLowerCase()]
    const codes = errorsOf(operation)
    const { status, statusForBrowsers } = operation.success
    const successes = [status, statusForBrowsers, operation.success.mayWait && 202].filter(Boolean)
    const expected = new Set([...successes.map(String), ...statusesOf(codes)])
    expect(Object.keys(described?.responses ?? {}).toSorted()).toEqual([...expected].toSorted())
    for (const success of [status, statusForBrowsers].filter((each) => each !== undefined)) {
      const { 'Set-Cookie': cookies, ...others } = described?.responses[success]?.headers ?? {}
      expect(Object.keys(others)).toEqual(success < 300 ? [] : ['Location'])
      const { setsCookie = false, setsBrowserCookie = false, setsFlowCookie = false } = operation.success
      const isDescribed = (name: string) => cookies?.description.includes(name) ?? false
      expect(isDescribed('session cookie')).toBe(setsCookie)
      expect(isDescribed('`browser`')).toBe(setsBrowserCookie)
      expect(isDescribed('`login_…`')).toBe(setsFlowCookie)
      expect(isDescribed('Clears the cookie `login`')).toBe(clearsLoginCookie(operation))
    }
    for (const code of codes) {
      const answer = described?.responses[ERRORS[code].status]
      expect(answer?.description, code).toContain(`\`${code}\``)
      expect(JSON.stringify(answer?.content), code).toContain('#/components/schemas/Error')
      expect(Object.keys(answer?.headers ?? {}), code).toEqual(HEADERS[ERRORS[code].status] ?? [])
    }
    expect(described?.requestBody !== undefined).toBe(operation.body !== undefined)
    const { access } = operation
    const session = [{ session: [] }, { bearer: [] }]
    const isBodyless = operation.body === undefined
    const ofAccess = { anyone: [], pending: [{ login: [] }, ...(isBodyless ? [{ bearer: [] }] : [])] }
    const security =
      typeof access === 'string'
        ? ofAccess[access]
        : [...session, ...(access.orEnrolling ? [{ login: [] }] : [])]
    expect(described?.security).toEqual(security)
    expect(described?.tags).toEqual([operation.tag])
  })

  it.each(OPERATIONS)('declares exactly the path parameters of $method $path', async (operation) => {
    const { parameters = [] } = (await load()).paths[operation.path]?.[operation.method.toLowerCase()] ?? {}
    const inPath = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    expect(parameters.map(({ name }) => name)).toEqual(inPath)
    for (const parameter of parameters) {
      expect(parameter).toMatchObject({ in: 'path', required: true, schema: { type: 'string' } })
      expect(parameter.description).toMatch(/\w+ \w+/)
    }
  })

  it.each(OPERATIONS.filter(({ body }) => body !== undefined))(
    'accepts JSON for $method $path, or a form on a page, or both on classic routes',
    async (operation) => {
      const { requestBody } = (await load()).paths[operation.path]?.[operation.method.toLowerCase()] ?? {}
      const [form, json] = ['application/x-www-form-urlencoded', 'application/json']
      const byTag: Partial<Record<Operation['tag'], string[]>> = {
        classic: [form, 'multipart/form-data', json],
        page: [form],
      }
      expect(requestBody?.required).toBe(true)
      // A standard prescribes it.
      const types = operation.form ? [form] : (byTag[operation.tag] ?? [json])
      expect(Object.keys(requestBody?.content ?? {})).toEqual(types)
    },
  )

  it('states the configured minimum length for new passwords only', async () => {
    const { paths } = await loadWith({ ...EVERYTHING, minPasswordLength: 12 })
    const lengths = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { requestBody }]) => {
        const { properties = {} } = (requestBody?.content['application/json']?.schema ?? {}) as {
          properties?: Record<string, { minLength?: number }>
        }
        return Object.entries(properties)
          .filter(([name]) => name.includes('password'))
          .map(([name, { minLength }]) => `${method} ${path} ${name} ${minLength}`)
      }),
    )
    expect(lengths.toSorted()).toEqual([
      'post /confirm_email password 1',
      'post /mail_codes/confirm_email password 1',
      'post /mail_codes/reset_password new_password 12',
      'post /reauthenticate password 1',
      'post /sessions password 1',
      'post /users password 12',
      'put /profile/password current_password 1',
      'put /profile/password new_password 12',
      'put /reset_password new_password 12',
    ])
  })

  it.each(OPERATIONS)('states the response format of $method $path', async (operation) => {
    const { responses } = (await load()).paths[operation.path]?.[operation.method.toLowerCase()] ?? {}
    const { status, page, body } = operation.success
    expect(Object.keys(responses?.[status]?.content ?? {})).toEqual(
      page ? ['text/html'] : body ? ['application/json'] : [],
    )
    if (page) expect(operation.tag).toBe('page')
  })

  it('keeps the classic operations of 0.1.0 and DELETE /', () => {
    const classic = OPERATIONS.filter(({ tag }) => tag === 'classic')
    expect(namesOf(classic)).toEqual(
      [
        'GET / service.welcome',
        'DELETE / service.welcomeAfterSignOut',
        'POST /users account.register',
        'POST /sessions signIn.withPassword',
        'DELETE /sessions sessions.signOutClassic',
        'GET /profile account.get',
        'POST /reset_password account.requestPasswordReset',
        'PUT /reset_password account.resetPassword',
      ].toSorted(),
    )
    expect(classic.filter(({ needs }) => needs !== undefined)).toEqual([])
  })

  it('lists every error code, and each status on some operation', async () => {
    const { paths, components } = await load()
    const { properties } = components.schemas.Error as { properties: { code: { enum: string[] } } }
    const listed = properties.code.enum
    expect(listed.toSorted()).toEqual(Object.keys(ERRORS).toSorted())
    const answered = new Set(
      Object.values(paths).flatMap((methods) =>
        Object.values(methods).flatMap(({ responses }) => Object.keys(responses)),
      ),
    )
    // This code belongs to no operation.
    const { method_not_allowed, ...ofOperations } = ERRORS
    expect(method_not_allowed.status).toBe(405)
    expect(Object.values(ofOperations).filter(({ status }) => !answered.has(String(status)))).toEqual([])
  })

  it('contains no column that is secret or only for the service', async () => {
    const whole = await load()
    expect(JSON.stringify(whole)).not.toMatch(
      /hashed_?password|secret_?hash|normalized_?email|password_?version|user_?id/i,
    )
  })
})
