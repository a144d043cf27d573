import { z } from 'zod'
import {
  bodyTypesOf,
  clearsLoginCookie,
  emailTakenBody,
  errorBody,
  errorsOf,
  newPassword,
  type Operation,
  pendingSignIn,
  userMetadata,
} from '../api/index.ts'
import { ERRORS, type ErrorCode } from '../model/errors.ts'
import type { OpenedUserField } from '../model/user-fields.ts'
import type { Options } from '../options/index.ts'
import { cookieName } from './cookies.ts'
import { bodyFor, userFieldsSchema } from './user-metadata.ts'

type Json = Record<string, unknown>

/** The contract as an OpenAPI 3.1 document. Its schemas are JSON Schema 2020-12, which zod writes. */
export function openApiDocument(
  operations: readonly Operation[],
  options: Pick<Options, 'baseUrl' | 'secureCookie' | 'cookieDomain' | 'minPasswordLength'>,
  userFields: Limits['userFields'] = [],
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
      { name: 'account', description: 'Everything else that users do with their account. JSON only.' },
      {
        name: 'page',
        description: 'Hosted pages and their forms. Errors are JSON unless the client asks for HTML.',
      },
      { name: 'service', description: 'For operators.' },
    ],
    paths: paths(operations, { ...options, userFields }),
    components: {
      schemas: { Error: schema(errorBody), EmailTaken: schema(emailTakenBody) },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: cookieName('session_id', options) },
        login: {
          type: 'apiKey',
          in: 'cookie',
          name: cookieName('login', options),
          description: 'A pending sign-in, which waits for a second factor.',
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

type Limits = Pick<Options, 'minPasswordLength'> & { readonly userFields: readonly OpenedUserField[] }

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
  return {
    operationId: id,
    summary,
    tags: [tag],
    security: securityOf(operation),
    ...(operation.params && { parameters: Object.entries(params).map(pathParameter) }),
    ...(body && { requestBody: requestBody(fieldsSchema(operation, body, limits), bodyTypesOf(operation)) }),
    responses: {
      [success.status]: {
        description: success.description,
        ...(success.body && { content: { 'application/json': { schema: schema(success.body) } } }),
        ...(success.page && { content: { 'text/html': { schema: { type: 'string' } } } }),
        ...headersOf(operation, success.status),
      },
      ...(success.statusForBrowsers && {
        [success.statusForBrowsers]: {
          description: 'The same for browsers, which send `Sec-Fetch-Mode`.',
          ...headersOf(operation, success.statusForBrowsers),
        },
      }),
      ...(success.mayWait && { 202: WAITING }),
      ...refusals(errorsOf(operation)),
    },
  }
}

/**
 * The token of a pending sign-in is in the cookie `login`. A client without cookies sends it in the body or, if the request has
 * no body, as the bearer token.
 */
function securityOf({ access, body }: Operation): Json[] {
  if (access === 'anyone') return []
  if (access === 'pending') return [{ login: [] }, ...(body ? [] : [{ bearer: [] }])]
  return [{ session: [] }, { bearer: [] }, ...(access.orEnrolling ? [{ login: [] }] : [])]
}

/** The cookies of a success, or `''` if it sets none. */
function cookiesOf(operation: Operation): string {
  const { success, body } = operation
  const sentences = [
    success.setsCookie && 'Sets or clears the session cookie.',
    clearsLoginCookie(operation) && 'Clears the cookie `login`.',
    success.setsBrowserCookie && 'Sets the cookie `browser`, which later requests of this browser need.',
    success.setsBrowserCookie && body?.shape.browser_token && 'Not if the request has `browser_token`.',
    success.setsFlowCookie &&
      'Sets a cookie `login_…`, which the browser sends when it comes back from the provider.',
  ]
  return sentences.filter(Boolean).join(' ')
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
        ...(status in REFUSAL_HEADERS && { headers: REFUSAL_HEADERS[status] }),
        content: { 'application/json': { schema: refusalSchema(alike) } },
      },
    ]),
  )
}

const WAITING = {
  description:
    'The user is not signed in yet. The cookie `login` or, for a bearer client, `login_token` identifies the pending sign-in.',
  headers: {
    'Set-Cookie': { description: 'Sets the cookie `login`.', schema: { type: 'string' } },
  },
  content: { 'application/json': { schema: schema(pendingSignIn) } },
}

/** The headers of a success, if it has any. */
function headersOf(operation: Operation, status: number): Json {
  const cookies = cookiesOf(operation)
  const headers = {
    ...(cookies && { 'Set-Cookie': { description: cookies, schema: { type: 'string' } } }),
    ...(status >= 300 && { Location: LOCATION }),
  }
  return Object.keys(headers).length === 0 ? {} : { headers }
}

const LOCATION = { description: 'Where to go next.', schema: { type: 'string' } }

const RETRY_AFTER = {
  description: 'How many seconds to wait before trying again.',
  schema: { type: 'integer', minimum: 1 },
}

const REFUSAL_HEADERS: Readonly<Record<number, Json>> = {
  401: { 'WWW-Authenticate': { description: 'A challenge for a bearer token.', schema: { type: 'string' } } },
  415: {
    Accept: { description: 'The media types that the operation takes.', schema: { type: 'string' } },
    'Accept-Encoding': {
      description: 'Always `identity`: the body must not be compressed.',
      schema: { type: 'string' },
    },
  },
  429: { 'Retry-After': RETRY_AFTER },
  503: { 'Retry-After': RETRY_AFTER },
}

function refusalSchema(codes: readonly ErrorCode[]): Json {
  const error = { $ref: '#/components/schemas/Error' }
  return codes.includes('email_taken')
    ? { anyOf: [{ $ref: '#/components/schemas/EmailTaken' }, error] }
    : error
}

/** The JSON Schema of a body. Like the password policy, it counts the length of text in code points. */
function fieldsSchema({ access }: Operation, body: z.ZodObject, limits: Limits): Json {
  const isNew = access === 'anyone'
  const fields = schema(bodyFor(body, limits), ({ zodSchema, jsonSchema }) => {
    if (zodSchema === newPassword) jsonSchema.minLength = limits.minPasswordLength
    if (zodSchema !== userMetadata) return
    delete jsonSchema.propertyNames
    Object.assign(jsonSchema, userFieldsSchema(limits.userFields, { isNew }))
  })
  const needsMetadata =
    isNew && limits.userFields.some(({ required }) => required) && 'metadata' in body.shape
  return needsMetadata
    ? { ...fields, required: [...((fields.required as string[]) ?? []), 'metadata'] }
    : fields
}

function schema(type: z.ZodType, override?: z.core.ToJSONSchemaParams['override']): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(type, override && { override })
  return rest
}
