/** Connects the operations of a topic to their handlers. A handler reads the request, calls one use case and answers. */
import {
  bodyTypesOf,
  type Contract,
  type FieldsOf,
  type ParamsOf,
  pendingSignIn,
  type SuccessOf,
  TOPICS,
} from '../api/index.ts'
import type { AuthService, SessionCaller } from '../auth/index.ts'
import { AuthError } from '../model/errors.ts'
import { acceptsHtml } from './accept.ts'
import { readBody } from './body.ts'
import { type Credentials, readClient } from './credentials.ts'
import type { Incoming } from './incoming.ts'
import type { Answer, Redirect } from './responses.ts'
import { WAITS } from './signed-in.ts'
import { bodyFor } from './user-metadata.ts'

/** A request that has passed the guards and matched a route. */
export interface Admitted {
  readonly incoming: Incoming
  /** `id` identifies the request in the log, the answer and the audit log. */
  readonly record: { readonly id: string }
  readonly credentials: Credentials
  /** The IP address of the client: of the connection, or as reported by a trusted proxy. */
  readonly ip: string | undefined
  /** The parameters in the path. */
  readonly params: Readonly<Record<string, string>>
}

/** Who is calling, and from where. Read from the connection and the headers, never from the body. */
export function callerOf(
  { incoming, record, ip, credentials }: Admitted,
  options: AuthService['options'],
): SessionCaller {
  return { ...credentials, ip, requestId: record.id, ...readClient(incoming, options) }
}

/** The input of a handler. Reads further headers on demand, because the hot path needs only the credentials. */
class Input<Given extends Contract> {
  readonly fields: FieldsOf<Given>
  readonly #admitted: Admitted
  readonly #options: AuthService['options']

  constructor(admitted: Admitted, fields: FieldsOf<Given>, options: AuthService['options']) {
    this.fields = fields
    this.#admitted = admitted
    this.#options = options
  }

  get params() {
    return this.#admitted.params as ParamsOf<Given>
  }

  get credentials(): Credentials {
    return this.#admitted.credentials
  }

  get caller(): SessionCaller {
    return callerOf(this.#admitted, this.#options)
  }

  get cookieHeader(): string | null {
    return this.#admitted.incoming.header('cookie')
  }

  /** Whether the client asks for HTML, as a navigating browser does. */
  get acceptsHtml(): boolean {
    return acceptsHtml(this.#admitted.incoming.header('accept'))
  }

  /** Whether the client is a browser or `fetch`, which send Fetch Metadata. */
  get isBrowser(): boolean {
    return this.#admitted.incoming.header('sec-fetch-mode') !== null
  }
}

/** The answer of a handler. Without a status, it has that of the contract. */
type Reply<Given extends Contract> =
  | (Partial<Omit<Answer, 'body'>> &
      ([SuccessOf<Given>] extends [never]
        ? { readonly body?: undefined }
        : { readonly body: SuccessOf<Given> }))
  | Redirect

type Handler<Given extends Contract> = (input: Input<Given>) => Promise<Reply<Given>> | Reply<Given>

/** A handler for each operation of a topic. */
type Handlers<Operations> = {
  readonly [Name in keyof Operations]: Operations[Name] extends Contract ? Handler<Operations[Name]> : never
}

/** An operation with the function that answers it. */
export interface Route {
  readonly operation: Contract
  answer(admitted: Admitted): Promise<Answer>
}

/** Creates the routes of a topic. A missing handler is a type error. */
export function routesOf<Topic extends keyof typeof TOPICS>(
  topic: Topic,
  handlersOf: (auth: AuthService) => Handlers<(typeof TOPICS)[Topic]>,
): (auth: AuthService) => Route[] {
  return (auth) => {
    const handlers = handlersOf(auth) as Record<string, Handler<Contract>>
    return Object.entries(TOPICS[topic]).map(([name, operation]) =>
      routeOf(operation, handlers[name] as Handler<Contract>, auth),
    )
  }
}

function routeOf(operation: Contract, handler: Handler<Contract>, auth: AuthService): Route {
  const { success, tag } = operation
  const { options } = auth
  const body = operation.body && bodyFor(operation.body, auth)
  const types = bodyTypesOf(operation)
  return {
    operation,
    async answer(admitted) {
      const fields = body === undefined ? NO_FIELDS : await readBody(admitted.incoming, body, types)
      try {
        const reply = await handler(new Input(admitted, fields, options))
        // Throws if the body has a field that the contract does not list, so that no new column is sent by accident.
        const schema = reply.status === WAITS ? pendingSignIn : success.body
        const sent = reply.body === undefined ? {} : { body: schema?.parse(reply.body) }
        return { status: success.status, ...reply, ...sent }
      } catch (error) {
        throw tag === 'classic' ? classicRefusal(error) : error
      }
    },
  }
}

const NO_FIELDS = {}

/** Classic operations answer 403 where the others answer 401. */
function classicRefusal(error: unknown): unknown {
  return error instanceof AuthError && error.code === 'unauthenticated'
    ? new AuthError('session_required', { field: 'sessionId' })
    : error
}
