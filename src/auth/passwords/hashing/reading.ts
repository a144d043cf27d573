/** A parsed hash: verifies a password, or says why that is not possible. */
export type Reading = Readable | Unreadable

export interface Readable {
  /**
   * The work of verifying, as a multiple of an argon2id hash of 19 MiB and 2 passes: 20 to 40 ms of a core. Each family
   * estimates it from its parameters, with a factor that was measured on x86-64 with Node 26.
   */
  readonly cost: number
  readonly verify: (password: string) => Promise<boolean>
}

export interface Unreadable {
  /** Completes the sentence "the hash …". Contains no salt and no key. */
  readonly problem: string
}

/** Reads a hash of one family of algorithms. `null` for any other text. */
export type Reader = (storedHash: string) => Reading | null

/**
 * Whether verifying would block a thread for seconds or use up the memory.
 *
 * @param parameters - What each is, its value and its limit.
 */
export function tooCostly(
  ...parameters: readonly [what: string, value: number, max: number][]
): Unreadable | null {
  const beyond = parameters.find(([, value, max]) => value > max)
  if (beyond === undefined) return null
  const [what, value, max] = beyond
  return { problem: `has ${what} of ${value}, and the limit of this service is ${max}` }
}

/** Well-formed, but invalid for the algorithm. */
export const IMPOSSIBLE: Unreadable = { problem: 'has parameters that its algorithm does not allow' }
