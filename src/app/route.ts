import { bodyTypesOf, type FieldsOf, type Operation, type ParamsOf, type SuccessOf } from '../api/index.ts'
import type { Client, Engine } from '../auth/index.ts'
import { AuthError } from '../errors.ts'
import type { User } from '../user.ts'
import { readBody } from './body.ts'
import { readDeviceCookie, readSessionCookie } from './cookies.ts'
import type { Answer } from './responses.ts'

/** A request that has passed the guards, with what the connection tells of it. */
interface Incoming {
  readonly request: Request
  readonly requestId: string
  readonly ip: string | undefined
  /** The parameters in the path. */
  readonly params: Readonly<Record<string, string>>
}

/** What a route's handler is given, read and checked. */
export interface Input<Contract extends Operation> {
  readonly fields: FieldsOf<Contract>
  readonly params: ParamsOf<Contract>
  /** The session cookie as it came, or `null`. */
  readonly sessionId: string | null
  readonly client: Client
  /** Whether a browser asks: it says so (Fetch Metadata). */
  readonly isBrowser: boolean
}

/** The same, where the classic contract demands a session: it is live, and this is its user. */
export interface SessionInput<Contract extends Operation> extends Input<Contract> {
  readonly sessionId: string
  readonly user: User
}

/** An operation of the contract with what answers it. */
export interface Route {
  readonly operation: Operation
  answer(incoming: Incoming): Promise<Answer>
}

/** A file of routes: given the engine, its routes. */
export type Routes = (engine: Engine) => Route[]

type Handler<HandlerInput> = (input: HandlerInput) => Promise<Answer> | Answer

/** Joins an operation with its handler: parse by the contract, call one use case, answer. */
export function route<const Contract extends Operation>(
  engine: Engine,
  operation: Contract,
  handler: Handler<Input<Contract>>,
): Route {
  return { operation, answer: async (incoming) => handler(await readInput(engine, operation, incoming)) }
}

/** The same for a classic operation that demands a session: the later ones leave it to their use case. */
export function sessionRoute<const Contract extends Operation & { readonly session: true; tag: 'classic' }>(
  engine: Engine,
  operation: Contract,
  handler: Handler<SessionInput<Contract>>,
): Route {
  return route(engine, operation, async (input) => {
    const { sessionId } = input
    const user = await engine.getUserFromSessionId(sessionId)
    if (user === null || sessionId === null) throw new AuthError('session_required', { field: 'sessionId' })
    return handler(Object.assign(input, { sessionId, user }))
  })
}

/** The answer of an operation, as its contract has it. */
export function succeed<const Contract extends Operation>(
  operation: Contract,
  body: SuccessOf<Contract>,
  more: Pick<Answer, 'headers' | 'cookies'> = {},
): Answer {
  return { status: operation.success.status, body, ...more }
}

async function readInput<const Contract extends Operation>(
  engine: Engine,
  operation: Contract,
  { request, requestId, ip, params }: Incoming,
): Promise<Input<Contract>> {
  const { headers } = request
  const { body } = operation
  const fields = body === undefined ? {} : await readBody(request, body, bodyTypesOf(operation))
  return {
    fields: fields as FieldsOf<Contract>,
    params: params as ParamsOf<Contract>,
    sessionId: readSessionCookie(headers.get('cookie'), engine.options),
    // Read when it is asked for: a session check has no use for it.
    get client() {
      return {
        ip,
        requestId,
        userAgent: headers.get('user-agent') ?? undefined,
        acceptLanguage: headers.get('accept-language') ?? undefined,
        deviceToken: readDeviceCookie(headers.get('cookie'), engine.options) ?? undefined,
      }
    },
    get isBrowser() {
      return headers.has('sec-fetch-mode')
    },
  }
}
