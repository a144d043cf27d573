/** A stored hash: how to verify a password with it, or why that is not possible. */
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
  /** Follows "the hash". Contains no salt and no key. */
  readonly problem: string
}

/** Reads the hashes of one family; `null` for those of another. */
export type Reader = (storedHash: string) => Reading | null

/** Verifying it would hold a thread for seconds, or the memory of the machine. */
export const TOO_COSTLY: Unreadable = { problem: 'has a cost beyond what is ever run here' }

/** The form allows it, the algorithm does not. */
export const IMPOSSIBLE: Unreadable = { problem: 'has parameters that its algorithm does not allow' }
