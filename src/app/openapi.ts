import { z } from 'zod'
import {
  bodyTypesOf,
  emailTakenBody,
  errorBody,
  errorsOf,
  newPassword,
  type Operation,
  pendingSignIn,
} from '../api/index.ts'
import { ERRORS, type ErrorCode } from '../model/errors.ts'
import type { Options } from '../options/index.ts'
import { cookieName } from './cookies.ts'

type Json = Record<string, unknown>

/** The contract as an OpenAPI 3.1 document. Its schemas are JSON Schema 2020-12, which zod writes. */
export function openApiDocument(
  operations: readonly Operation[],
  options: Pick<Options, 'baseUrl' | 'secureCookie' | 'cookieDomain' | 'minPasswordLength'>,
): Json & { openapi: string } {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Bienvenue',
      version: '1',
      summary: 'User authentication: registration, sign-in, sessions, profile, password reset and sign-out.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: options.baseUrl === '' ? '/' : options.baseUrl }],
    tags: [
      { name: 'classic', description: 'The contract of the teaching exercise.' },
      { name: 'account', description: 'What users do with their account beyond that. JSON only.' },
      {
        name: 'page',
        description: 'Hosted pages and their forms. A refusal is JSON too, unless the client asks for HTML.',
      },
      { name: 'service', description: 'For operators.' },
    ],
    paths: paths(operations, options),
    components: {
      schemas: { Error: schema(errorBody), EmailTaken: schema(emailTakenBody) },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: cookieName('session_id', options) },
        login: {
          type: 'apiKey',
          in: 'cookie',
          name: cookieName('login', options),
          description: 'A sign-in that waits for a second factor.',
        },
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'A session token from a sign-in with the transport `bearer`.',
        },
      },
    },
  }
}

type Limits = Pick<Options, 'minPasswordLength'>

function paths(operations: readonly Operation[], limits: Limits): Json {
  const paths: Record<string, Json> = {}
  for (const operation of operations) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: describe(operation, limits),
    }
  }
  return paths
}

function describe(operation: Operation, limits: Limits): Json {
  const { id, summary, tag, params = {}, body, success } = operation
  const headers = success.setsCookie && { 'Set-Cookie': SET_COOKIE }
  return {
    operationId: id,
    summary,
    tags: [tag],
    security: securityOf(operation),
    ...(operation.params && { parameters: Object.entries(params).map(pathParameter) }),
    ...(body && { requestBody: requestBody(fieldsSchema(body, limits), bodyTypesOf(operation)) }),
    responses: {
      [success.status]: {
        description: success.description,
        ...(success.body && { content: { 'application/json': { schema: schema(success.body) } } }),
        ...(success.page && { content: { 'text/html': { schema: { type: 'string' } } } }),
        ...(headers && { headers }),
      },
      ...(success.statusForBrowsers && {
        [success.statusForBrowsers]: {
          description: 'The same for a browser, which sends `Sec-Fetch-Mode`.',
          ...(headers && { headers }),
        },
      }),
      ...(success.mayWait && { 202: WAITING }),
      ...refusals(errorsOf(operation)),
    },
  }
}

/**
 * A sign-in that waits is named by a cookie. A client without cookies sends its token in the body or, for a request without a
 * body, as the bearer token.
 */
function securityOf({ access, body }: Operation): Json[] {
  if (access === 'anyone') return []
  if (access === 'pending') return [{ login: [] }, ...(body ? [] : [{ bearer: [] }])]
  return [{ session: [] }, { bearer: [] }, ...(access.orEnrolling ? [{ login: [] }] : [])]
}

function pathParameter([name, description]: [string, string]): Json {
  return { name, in: 'path', required: true, description, schema: { type: 'string' } }
}

function requestBody(fields: Json, types: readonly string[]): Json {
  return { required: true, content: Object.fromEntries(types.map((type) => [type, { schema: fields }])) }
}

function refusals(codes: readonly ErrorCode[]): Json {
  const byStatus = Map.groupBy(codes, (code) => ERRORS[code].status)
  return Object.fromEntries(
    [...byStatus].map(([status, alike]) => [
      status,
      {
        description: alike.map((code) => `\`${code}\`: ${ERRORS[code].cause}`).join('\n\n'),
        ...(status === 429 || status === 503 ? { headers: { 'Retry-After': RETRY_AFTER } } : {}),
        content: { 'application/json': { schema: refusalSchema(alike) } },
      },
    ]),
  )
}

const WAITING = {
  description:
    'Nobody is signed in yet. The cookie `login` or, for a bearer client, `login_token` names the sign-in.',
  headers: {
    'Set-Cookie': { description: 'Sets the cookie `login`.', schema: { type: 'string' } },
  },
  content: { 'application/json': { schema: schema(pendingSignIn) } },
}

const SET_COOKIE = { description: 'Sets or clears the session cookie.', schema: { type: 'string' } }

const RETRY_AFTER = {
  description: 'When to try again, in seconds from now.',
  schema: { type: 'integer', minimum: 1 },
}

function refusalSchema(codes: readonly ErrorCode[]): Json {
  const error = { $ref: '#/components/schemas/Error' }
  return codes.includes('email_taken')
    ? { anyOf: [{ $ref: '#/components/schemas/EmailTaken' }, error] }
    : error
}

/** The fields of a body. Like the password policy, JSON Schema counts the length of text in code points. */
function fieldsSchema(body: z.ZodObject, { minPasswordLength }: Limits): Json {
  return schema(body, ({ zodSchema, jsonSchema }) => {
    if (zodSchema === newPassword) jsonSchema.minLength = minPasswordLength
  })
}

function schema(type: z.ZodType, override?: z.core.ToJSONSchemaParams['override']): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(type, override && { override })
  return rest
}
