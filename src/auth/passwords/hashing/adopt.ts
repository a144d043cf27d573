import { type FirebaseProject, storedFirebase } from './firebase.ts'
import { readHash } from './index.ts'

/** What a Firebase hash needs besides its text. */
interface FirebaseDetails {
  /** The salt, which Firebase exports in its own field. */
  readonly salt: string | null
  /** The hash parameters of the project. */
  readonly firebase: FirebaseProject | null
}

interface Limits {
  /** The highest cost, as in `Reading`. */
  readonly maxCost: number
}

/**
 * Checks whether a hash from other software can be verified, and converts it to the form in which it is stored. Runs no
 * hash: the password is verified at the first sign-in.
 *
 * @param text - A hash in any of the formats in `docs/security/passwords.md`. `!`, alone or followed by letters and
 *   digits as in Django, means no password.
 * @returns The hash to store, or a problem that completes the sentence "the hash …".
 */
export function adoptHash(
  text: string,
  { salt, firebase, maxCost }: FirebaseDetails & Limits,
): { readonly hash: string } | { readonly problem: string } {
  if (text !== text.trim()) return { problem: 'has white space around it' }
  if (/^![A-Za-z0-9]*$/.test(text)) return { hash: '!' }
  if (salt === null) return problemOr(text, maxCost)
  if (firebase === null)
    return { problem: 'has a salt, but the hash parameters of its Firebase project are not given' }
  const stored = storedFirebase(firebase, text, salt)
  return stored === null ? { problem: 'is not from this Firebase project' } : problemOr(stored, maxCost)
}

function problemOr(hash: string, maxCost: number) {
  const reading = readHash(hash)
  if ('problem' in reading) return { problem: reading.problem }
  if (reading.cost <= maxCost) return { hash }
  return {
    problem: `costs ${Math.ceil(reading.cost)} times as much as an argon2id hash, and BIENVENUE_MAX_IMPORTED_HASH_COST allows ${maxCost}`,
  }
}
