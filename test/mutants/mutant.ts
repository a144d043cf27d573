/** One edit of a file that removes or inverts a guard. `npm run mutants` shows that a test notices it. */
export interface Mutant {
  /** The requirement of `docs/security/security.md` whose tests must fail. */
  readonly id: string
  /** What the mutant does wrong: `accepts expired tokens`. */
  readonly does: string
  readonly file: string
  /** Text that occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
}
