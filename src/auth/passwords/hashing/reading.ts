/** A stored hash: how to verify a password with it, or why that is not possible. */
export type Reading = { readonly verify: (password: string) => Promise<boolean> } | Unreadable

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
