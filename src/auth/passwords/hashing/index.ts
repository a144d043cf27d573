/**
 * Password hashes: which format a new one gets, and how each known format is verified. Each algorithm has its own file.
 * No other code knows the format of a hash.
 *
 * @module
 */
import type { Hasher } from '../../../options/index.ts'
import {
  type Argon2idCost,
  hasCurrentCost,
  hashArgon2id,
  PASSWORD_COST,
  RECOVERY_CODE_COST,
  readArgon2,
  unknownArgon2id,
} from './argon2.ts'
import { bcryptCost, costOfRounds, fitsBcrypt, hashBcrypt, readBcrypt, unknownBcrypt } from './bcrypt.ts'
import { readFirebase } from './firebase.ts'
import { readPbkdf2 } from './pbkdf2.ts'
import type { Reader, Reading } from './reading.ts'
import { readScrypt } from './scrypt.ts'
import { readUnverifiable } from './unverifiable.ts'

export { loadBcrypt } from './bcrypt.ts'

/** The settings for new hashes. */
export interface HasherSettings {
  passwordHash: 'bcrypt' | 'argon2id'
  /** The cost of new bcrypt hashes: log2 of the number of rounds. */
  bcryptCost: number
  /** Default: that of passwords. */
  argon2idCost?: Argon2idCost
}

/** Recovery codes are hashed like this, whatever the password hash is: ten with bcrypt would take 0.8 s. */
export const RECOVERY_CODE_HASHING = {
  passwordHash: 'argon2id',
  argon2idCost: RECOVERY_CODE_COST,
} as const satisfies Partial<HasherSettings>

const READERS: readonly Reader[] = [
  readBcrypt,
  readArgon2,
  readScrypt,
  readPbkdf2,
  readFirebase,
  readUnverifiable,
]

/**
 * The label that LDAP, Dovecot and Spring Security add to a hash that names its own algorithm, as in `{BLF-CRYPT}$2y$`.
 * Spring Security may add the version of its parameters, as in `{argon2@SpringSecurity_v5_8}`.
 */
const LABEL =
  /^\{(?:[a-z0-9]+-crypt|crypt|bcrypt|argon2(?:i|id)?|scrypt)(?:@\w{1,32})?\}(?=\$)|^\{pbkdf2\}(?=\$pbkdf2-)/i

const KNOWN_START =
  /^(?:\$(?:2[aby]|wp\$2y|bcrypt|argon2(?:id|i|d)|scrypt|s0|pbkdf2-sha(?:256|512)|firebase-scrypt)\$|(?:pbkdf2_sha256|bcrypt(?:_sha256)?|argon2|scrypt)\$|(?:pbkdf2:sha(?:256|512)|scrypt|s2):|\{(?:PBKDF2-SHA|pbkdf2-sha)(?:256|512)\}|AQAAAA[EI])/

/** Parses a stored hash. Does not run it. */
export function readHash(storedHash: string): Reading {
  const unlabelled = storedHash.replace(LABEL, '')
  for (const read of READERS) {
    const reading = read(unlabelled)
    if (reading !== null) return reading
  }
  return { problem: KNOWN_START.test(unlabelled) ? 'is damaged or cut off' : 'has an unknown format' }
}

/** The cost of a new hash, as in {@link Reading}. */
export function costOfNew({ passwordHash, bcryptCost }: HasherSettings): number {
  return passwordHash === 'bcrypt' ? costOfRounds(bcryptCost) : 1
}

/** Creates a hasher that hashes new passwords as configured and verifies every known format. */
export function createHasher(settings: HasherSettings): Hasher {
  const prefersBcrypt = settings.passwordHash === 'bcrypt'
  const argon2idCost = settings.argon2idCost ?? PASSWORD_COST
  const usesBcrypt = (password: string) => prefersBcrypt && fitsBcrypt(password)

  async function verify(password: string, storedHash: string): Promise<boolean> {
    const reading = readHash(storedHash)
    if ('verify' in reading) return reading.verify(password)
    await verifyNothing(password)
    return false
  }

  async function verifyNothing(password: string): Promise<void> {
    await verify(password, prefersBcrypt ? unknownBcrypt(settings.bcryptCost) : unknownArgon2id(argon2idCost))
  }

  return {
    hash: (password) =>
      usesBcrypt(password) ? hashBcrypt(password, settings.bcryptCost) : hashArgon2id(password, argon2idCost),
    verify,
    verifyNothing,
    needsRehash: (password, storedHash) =>
      usesBcrypt(password)
        ? bcryptCost(storedHash) !== settings.bcryptCost
        : !hasCurrentCost(storedHash, argon2idCost),
  }
}
