/**
 * Password hashes: which form a new one takes, and how each known form is verified. A family has a file of
 * its own; nothing outside this room knows what a hash looks like.
 *
 * @module
 */
import type { Hasher } from '../../../options/index.ts'
import { hasCurrentCost, hashArgon2id, readArgon2, unknownArgon2id } from './argon2.ts'
import { bcryptCost, costOfRounds, fitsBcrypt, hashBcrypt, readBcrypt, unknownBcrypt } from './bcrypt.ts'
import { readFirebase } from './firebase.ts'
import { readPbkdf2 } from './pbkdf2.ts'
import type { Reader, Reading } from './reading.ts'
import { readScrypt } from './scrypt.ts'
import { readUnverifiable } from './unverifiable.ts'

/** The setting for new hashes. */
export interface HasherSettings {
  passwordHash: 'bcrypt' | 'argon2id'
  /** Of new bcrypt hashes: the log2 of the rounds. */
  bcryptCost: number
}

const READERS: readonly Reader[] = [
  readBcrypt,
  readArgon2,
  readScrypt,
  readPbkdf2,
  readFirebase,
  readUnverifiable,
]

/**
 * The label that LDAP, Dovecot and Spring Security write before a hash that itself says what it is, as in
 * `{BLF-CRYPT}$2y$`. Spring Security may add the version of its parameters, as in `{argon2@SpringSecurity_v5_8}`.
 */
const LABEL =
  /^\{(?:[a-z0-9]+-crypt|crypt|bcrypt|argon2(?:i|id)?|scrypt)(?:@\w{1,32})?\}(?=\$)|^\{pbkdf2\}(?=\$pbkdf2-)/i

/** What a stored hash is, by its text alone. Runs nothing. */
export function readHash(storedHash: string): Reading {
  const unlabelled = storedHash.replace(LABEL, '')
  for (const read of READERS) {
    const reading = read(unlabelled)
    if (reading !== null) return reading
  }
  return { problem: 'is of no form that is known here' }
}

/** The cost of a new hash, as in {@link Reading}. */
export function costOfNew({ passwordHash, bcryptCost }: HasherSettings): number {
  return passwordHash === 'bcrypt' ? costOfRounds(bcryptCost) : 1
}

/** Hashes new passwords as the settings say, and verifies every form. */
export function createHasher(settings: HasherSettings): Hasher {
  const prefersBcrypt = settings.passwordHash === 'bcrypt'
  const usesBcrypt = (password: string) => prefersBcrypt && fitsBcrypt(password)

  async function verify(password: string, storedHash: string): Promise<boolean> {
    const reading = readHash(storedHash)
    if ('verify' in reading) return reading.verify(password)
    await verifyNothing(password)
    return false
  }

  async function verifyNothing(password: string): Promise<void> {
    await verify(password, prefersBcrypt ? unknownBcrypt(settings.bcryptCost) : unknownArgon2id())
  }

  return {
    hash: (password) =>
      usesBcrypt(password) ? hashBcrypt(password, settings.bcryptCost) : hashArgon2id(password),
    verify,
    verifyNothing,
    needsRehash: (password, storedHash) =>
      usesBcrypt(password) ? bcryptCost(storedHash) !== settings.bcryptCost : !hasCurrentCost(storedHash),
  }
}
