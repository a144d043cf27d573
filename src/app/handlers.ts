import { bodyTypesOf, type FieldsOf, type Operation, type ParamsOf, type SuccessOf } from '../api/index.ts'
import type { Caller, Engine } from '../auth/index.ts'
import { AuthError } from '../errors.ts'
import type { User } from '../user.ts'
import { readBody } from './body.ts'
import { readDeviceCookie, readSessionCookie } from './cookies.ts'
import type { Incoming } from './incoming.ts'
import type { Answer } from './responses.ts'

/** A request that has passed the guards and found its route. */
interface Admitted {
  readonly incoming: Incoming
  /** Names the request in the log, the answer and the audit. */
  readonly record: { readonly id: string }
  /** The client's address, as far as it is believed. */
  readonly ip: string | undefined
  /** The parameters in the path. */
  readonly params: Readonly<Record<string, string>>
}

/** What a route's handler is given, read and checked. What not every handler wants is read when it is asked for. */
class Input<Contract extends Operation> {
  readonly fields: FieldsOf<Contract>
  readonly #admitted: Admitted
  readonly #options: Engine['options']

  constructor(admitted: Admitted, fields: FieldsOf<Contract>, options: Engine['options']) {
    this.fields = fields
    this.#admitted = admitted
    this.#options = options
  }

  get params() {
    return this.#admitted.params as ParamsOf<Contract>
  }

  /** The session cookie as it came, or `null`. */
  get sessionId(): string | null {
    return readSessionCookie(this.#admitted.incoming.header('cookie'), this.#options)
  }

  /** Who calls, and from where: from the connection and the headers, never from the body. */
  get caller(): Caller {
    const { incoming, record, ip } = this.#admitted
    return {
      sessionToken: this.sessionId,
      ip,
      requestId: record.id,
      userAgent: incoming.header('user-agent') ?? undefined,
      acceptLanguage: incoming.header('accept-language') ?? undefined,
      deviceToken: readDeviceCookie(incoming.header('cookie'), this.#options) ?? undefined,
    }
  }

  /** Whether a browser asks: it says so (Fetch Metadata). */
  get isBrowser(): boolean {
    return this.#admitted.incoming.header('sec-fetch-mode') !== null
  }
}

/** An operation of the contract with what answers it. */
export interface Route {
  readonly operation: Operation
  answer(admitted: Admitted): Promise<Answer>
}

/** A file of routes: given the engine, its routes. */
export type Routes = (engine: Engine) => Route[]

type Handler<Contract extends Operation, Given extends unknown[] = []> = (
  input: Input<Contract>,
  ...given: Given
) => Promise<Answer> | Answer

/** Joins an operation with its handler: parse by the contract, call one use case, answer. */
export function route<const Contract extends Operation>(
  { options }: Engine,
  operation: Contract,
  handler: Handler<Contract>,
): Route {
  const { body } = operation
  const types = bodyTypesOf(operation)
  return {
    operation,
    async answer(admitted) {
      const fields = body === undefined ? NO_FIELDS : await readBody(admitted.incoming, body, types)
      return handler(new Input<Contract>(admitted, fields as FieldsOf<Contract>, options))
    },
  }
}

const NO_FIELDS = {}

/**
 * The same for a classic operation that demands a session, whose live user the handler is given: the later
 * operations leave it to their use case.
 */
export function sessionRoute<const Contract extends Operation & { readonly session: true; tag: 'classic' }>(
  engine: Engine,
  operation: Contract,
  handler: Handler<Contract, [user: User]>,
): Route {
  return route(engine, operation, async (input) => {
    const user = await engine.getUserFromSessionId(input.sessionId)
    if (user === null) throw new AuthError('session_required', { field: 'sessionId' })
    return handler(input, user)
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
