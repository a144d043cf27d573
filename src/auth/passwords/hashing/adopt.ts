import { type FirebaseProject, keptFirebase } from './firebase.ts'
import { readHash } from './index.ts'

/** What stands beside a hash from elsewhere. */
interface Beside {
  /** Of a hash of Firebase, which has it in a field of its own. */
  readonly salt: string | null
  /** The hash parameters of the project that it comes from. */
  readonly firebase: FirebaseProject | null
}

/** What may be taken. */
interface Limits {
  /** The highest cost, as in `Reading`. */
  readonly maxCost: number
}

/**
 * The text in which a hash from elsewhere is kept, or why it is not taken, as it stands behind "the hash". What is taken
 * is verified at the first login: nothing is run here.
 *
 * @param text - A hash in any of the forms of `docs/security/passwords.md`; `!` for no password, as Django writes it too.
 */
export function adoptHash(
  text: string,
  { salt, firebase, maxCost }: Beside & Limits,
): { readonly hash: string } | { readonly problem: string } {
  if (/^![A-Za-z0-9]*$/.test(text)) return { hash: '!' }
  if (salt === null) return problemOr(text, maxCost)
  if (firebase === null)
    return { problem: 'has a salt beside it, and the hash parameters of its Firebase project are not given' }
  const kept = keptFirebase(firebase, text, salt)
  return kept === null ? { problem: 'is none of this Firebase project' } : problemOr(kept, maxCost)
}

function problemOr(hash: string, maxCost: number) {
  const reading = readHash(hash)
  if ('problem' in reading) return { problem: reading.problem }
  if (reading.cost <= maxCost) return { hash }
  return {
    problem: `costs ${Math.ceil(reading.cost)} times as much as an argon2id hash, more than BIENVENUE_MAX_IMPORTED_HASH_COST allows`,
  }
}
