import type { FieldsOf, Operation, SuccessOf } from '../api/index.ts'
import type { Client, Engine } from '../auth/index.ts'
import { AuthError } from '../errors.ts'
import type { User } from '../user.ts'
import { readBody } from './body.ts'
import { readSessionCookie } from './cookies.ts'
import { json } from './responses.ts'

/** What a route's handler is given, read and checked. */
export interface Input<Fields> {
  readonly fields: Fields
  /** The session cookie as it came, or `null`. */
  readonly sessionId: string | null
  readonly client: Client
  /** Whether a browser asks: it says so (Fetch Metadata). */
  readonly isBrowser: boolean
}

/** The same, where the operation demands a session: it is live, and this is its user. */
export interface SessionInput<Fields> extends Input<Fields> {
  readonly sessionId: string
  readonly user: User
}

/** An operation of the contract with what answers it. */
export interface Route {
  readonly operation: Operation
  answer(request: Request, ip: string | undefined): Promise<Response>
}

/** A file of routes: given the engine, its routes. */
export type Routes = (engine: Engine) => Route[]

type Handler<HandlerInput> = (input: HandlerInput) => Promise<Response> | Response

/** Joins an operation with its handler: parse by the contract, call one use case, answer. */
export function route<const Contract extends Operation & { readonly session?: never }>(
  engine: Engine,
  operation: Contract,
  handler: Handler<Input<FieldsOf<Contract>>>,
): Route {
  return {
    operation,
    answer: async (request, ip) => handler(await readInput(engine, operation, request, ip)),
  }
}

/** The same for an operation that demands a session. */
export function sessionRoute<const Contract extends Operation & { readonly session: true }>(
  engine: Engine,
  operation: Contract,
  handler: Handler<SessionInput<FieldsOf<Contract>>>,
): Route {
  return {
    operation,
    async answer(request, ip) {
      const input = await readInput(engine, operation, request, ip)
      const { sessionId } = input
      const user = await engine.getUserFromSessionId(sessionId)
      if (user === null || sessionId === null) throw new AuthError('session_required', { field: 'sessionId' })
      return handler({ ...input, sessionId, user })
    },
  }
}

/** The answer of an operation, as its contract has it. */
export function succeed<const Contract extends Operation>(
  operation: Contract,
  body: SuccessOf<Contract>,
  headers?: Readonly<Record<string, string>>,
): Response {
  return json(body, operation.success.status, headers)
}

async function readInput<const Contract extends Operation>(
  engine: Engine,
  { body }: Contract,
  request: Request,
  ip: string | undefined,
): Promise<Input<FieldsOf<Contract>>> {
  const { headers } = request
  return {
    fields: (body === undefined ? {} : await readBody(request, body)) as FieldsOf<Contract>,
    sessionId: readSessionCookie(headers.get('cookie'), engine.options),
    client: { ip, userAgent: headers.get('user-agent') ?? undefined },
    isBrowser: headers.has('sec-fetch-mode'),
  }
}
