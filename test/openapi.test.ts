import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import { errorsOf, OPERATIONS } from '../src/api/index.ts'
import { ERRORS, type ErrorCode } from '../src/errors.ts'
import { freshAuth } from './support/engines.ts'

interface Answer {
  description: string
  content?: Record<string, { schema: unknown }>
}

interface Document extends Record<string, unknown> {
  openapi: string
  paths: Record<
    string,
    Record<string, { operationId: string; requestBody?: unknown; responses: Record<string, Answer> }>
  >
  components: { schemas: Record<string, unknown> }
}

/** The document as a client gets it. */
async function load(): Promise<Document> {
  const auth = await freshAuth('sqlite')
  const response = await auth.fetch(new Request('http://localhost/openapi.json'))
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
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

const statusesOf = (codes: readonly ErrorCode[]) => codes.map((code) => String(ERRORS[code].status))

describe('GET /openapi.json', () => {
  it('is a valid OpenAPI 3.1 document', async () => {
    const document = await load()
    const validator = new Validator()
    expect(await validator.validate(document)).toEqual({ valid: true })
    expect(document.openapi).toMatch(/^3\.1\./)
    expect(validator.version).toBe('3.1')
  })

  it('has no reference that leads nowhere', async () => {
    const whole = await load()
    const references = objects(whole).flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref] : []))
    expect(references.length).toBeGreaterThan(0)
    const leadsNowhere = references.filter((reference) => {
      const [root, ...steps] = reference.split('/')
      const target = steps.reduce<unknown>(
        (value, step) => (value as Record<string, unknown> | undefined)?.[step],
        whole,
      )
      return root !== '#' || target === undefined
    })
    expect([...new Set(leadsNowhere)]).toEqual([])
  })

  it('has exactly the operations of the contract [API-01]', async () => {
    const { paths } = await load()
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId}`,
      ),
    )
    expect(documented.toSorted()).toEqual(
      OPERATIONS.map(({ method, path, id }) => `${method} ${path} ${id}`).toSorted(),
    )
    expect(new Set(OPERATIONS.map(({ id }) => id)).size).toBe(OPERATIONS.length)
  })

  it.each(OPERATIONS)(
    'has for $method $path its success and every status of its refusals',
    async (operation) => {
      const described = (await load()).paths[operation.path]?.[operation.method.toLowerCase()]
      const codes = errorsOf(operation)
      const { status, statusForBrowsers } = operation.success
      const successes = statusForBrowsers === undefined ? [status] : [status, statusForBrowsers]
      const expected = new Set([...successes.map(String), ...statusesOf(codes)])
      expect(Object.keys(described?.responses ?? {}).toSorted()).toEqual([...expected].toSorted())
      for (const code of codes) {
        const answer = described?.responses[ERRORS[code].status]
        expect(answer?.description, code).toContain(`\`${code}\``)
        expect(JSON.stringify(answer?.content), code).toContain('#/components/schemas/Error')
      }
      expect(described?.requestBody !== undefined).toBe(operation.body !== undefined)
    },
  )

  it('names every code there is, and its status where an operation can answer with it', async () => {
    const { paths, components } = await load()
    const listed = objects(components.schemas.Error).flatMap(({ enum: codes }) =>
      Array.isArray(codes) ? codes : [],
    )
    expect(listed.toSorted()).toEqual(Object.keys(ERRORS).toSorted())
    const answered = new Set(
      Object.values(paths).flatMap((methods) =>
        Object.values(methods).flatMap(({ responses }) => Object.keys(responses)),
      ),
    )
    // These two are what a request meets that belongs to no operation.
    const { not_found, method_not_allowed, ...ofOperations } = ERRORS
    expect([not_found.status, method_not_allowed.status]).toEqual([404, 405])
    expect(Object.values(ofOperations).filter(({ status }) => !answered.has(String(status)))).toEqual([])
  })

  it('names in its schemas the fields of the contract alone, and no secret column', async () => {
    const whole = await load()
    const fields = objects(whole).flatMap(({ properties }) =>
      typeof properties === 'object' && properties !== null ? Object.keys(properties) : [],
    )
    expect([...new Set(fields)].toSorted()).toEqual(
      [
        'code',
        'email',
        'field',
        'message',
        'new_password',
        'openapi',
        'password',
        'request_id',
        'reset_token',
        'status',
      ].toSorted(),
    )
    expect(JSON.stringify(whole)).not.toMatch(
      /hashed_?password|secret_?hash|normalized_?email|password_?version|user_?id/i,
    )
  })
})
