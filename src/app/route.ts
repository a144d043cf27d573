import type { z } from 'zod'
import type { Operation } from '../api/index.ts'
import type { Client, Engine } from '../auth/index.ts'
import { readBody } from './body.ts'
import { readSessionCookie } from './cookies.ts'

/** What a route's handler is given, read and checked. */
export interface Input<Fields> {
  readonly fields: Fields
  /** The session cookie as it came, or `null`. */
  readonly sessionId: string | null
  readonly client: Client
  /** Whether a browser asks: it says so (Fetch Metadata). */
  readonly isBrowser: boolean
}

/** An operation of the contract with what answers it. */
export interface Route {
  readonly operation: Operation
  answer(request: Request, address: string | undefined): Promise<Response> | Response
}

/** Joins an operation with its handler: parse by the contract, call one use case, answer. */
export function route<Body extends z.ZodObject>(
  operation: Operation<Body>,
  handler: (input: Input<z.infer<Body>>) => Promise<Response> | Response,
): Route {
  const { body } = operation
  return {
    operation,
    answer(request, address) {
      const { headers } = request
      const input = {
        sessionId: readSessionCookie(headers.get('cookie')),
        client: { address, userAgent: headers.get('user-agent') ?? undefined },
        isBrowser: headers.has('sec-fetch-mode'),
      }
      if (body === undefined) return handler({ ...input, fields: {} as z.infer<Body> })
      return readBody(request, body).then((fields) => handler({ ...input, fields }))
    },
  }
}

/** A file of routes: given the engine, its routes. */
export type Routes = (engine: Engine) => Route[]
