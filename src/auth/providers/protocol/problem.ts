import { OutboundError } from '../../../lib/outbound.ts'
import { AuthError } from '../../../model/errors.ts'
import type { Library } from './library.ts'

/** Why an answer of a provider cannot be used. Of the answer, it contains only names of claims and error codes. */
export class ProviderProblem extends Error {
  override readonly name = 'ProviderProblem'
  /** Our own code, that of an `OutboundError`, or that of a library, with the claim at fault. */
  readonly code: string

  constructor(code: string, cause?: unknown) {
    super(`the provider gave no usable answer: ${code}`, { cause })
    this.code = code
  }
}

/** Turns any failure into the refusal that a caller gets. */
export function refusalOf(error: unknown, library: Library | null): AuthError {
  if (error instanceof AuthError) return error
  if (error instanceof ProviderProblem) return new AuthError('provider_failed', { cause: error })
  if (library !== null && error instanceof library.AuthorizationResponseError)
    return new AuthError('provider_refused', { cause: new ProviderProblem(errorCode(error.error)) })
  return new AuthError('provider_failed', { cause: problemOf(error, library) })
}

function problemOf(error: unknown, library: Library | null): ProviderProblem {
  if (library !== null && error instanceof library.ResponseBodyError)
    return new ProviderProblem(errorCode(error.error))
  const chain = causesOf(error)
  const outbound = chain.find((cause) => cause instanceof OutboundError)
  if (outbound !== undefined) return new ProviderProblem(outbound.reason)
  const code = chain.map((cause) => Object(cause).code).find((one) => typeof one === 'string')
  if (code === undefined) return new ProviderProblem('unexpected', error)
  const claim = chain.map((cause) => Object(cause).claim).find((one) => typeof one === 'string')
  return new ProviderProblem(claim === undefined ? code : `${code} ${claim}`)
}

/** The error, its cause, the cause of its cause, and so on. */
function causesOf(error: unknown): unknown[] {
  const chain: unknown[] = []
  for (let cause = error; cause !== undefined && chain.length < 8; cause = Object(cause).cause)
    chain.push(cause)
  return chain
}

/** The error code of a provider (RFC 6749 §5.2), which could be any text. */
function errorCode(text: string): string {
  return /^[\w.-]{1,64}$/.test(text) ? text : 'unknown_error'
}
