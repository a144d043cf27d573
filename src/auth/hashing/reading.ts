/** What a stored hash turned out to be: something to hold a password against, or why nothing is. */
export type Reading =
  | { readonly verify: (password: string) => Promise<boolean> }
  | {
      /** As it stands behind "the hash": no part of the hash itself is in it. */
      readonly problem: string
    }

/** Reads the hashes of one family; `null` for those of another. */
export type Reader = (storedHash: string) => Reading | null

/** Verifying it would hold a thread for seconds, or the memory of the machine. */
export const TOO_COSTLY: Reading = { problem: 'has a cost beyond what is ever run here' }

/** The form allows it, the algorithm does not. */
export const IMPOSSIBLE: Reading = { problem: 'has parameters that its algorithm does not allow' }
