/**
 * Password hashes: which form a new one takes, and how each known form is verified. A form has a file of
 * its own; nothing outside this room knows what a hash looks like.
 *
 * @module
 */
import type { Hasher } from '../../options.ts'
import { hasCurrentCost, hashArgon2id, isArgon2id, unknownArgon2id, verifyArgon2id } from './argon2id.ts'
import { bcryptCost, fitsBcrypt, hashBcrypt, unknownBcrypt, verifyBcrypt } from './bcrypt.ts'

/** The setting for new hashes. */
export interface HasherSettings {
  passwordHash: 'bcrypt' | 'argon2id'
  /** Of new bcrypt hashes: the log2 of the rounds. */
  bcryptCost: number
}

/** Hashes new passwords as the settings say, and verifies every form. */
export function createHasher(settings: HasherSettings): Hasher {
  const prefersBcrypt = settings.passwordHash === 'bcrypt'
  const usesBcrypt = (password: string) => prefersBcrypt && fitsBcrypt(password)

  async function verifyNothing(password: string): Promise<void> {
    await (prefersBcrypt
      ? verifyBcrypt(password, unknownBcrypt(settings.bcryptCost))
      : verifyArgon2id(password, unknownArgon2id()))
  }

  return {
    hash: (password) =>
      usesBcrypt(password) ? hashBcrypt(password, settings.bcryptCost) : hashArgon2id(password),

    async verify(password, storedHash) {
      if (bcryptCost(storedHash) !== null) return verifyBcrypt(password, storedHash)
      if (isArgon2id(storedHash)) return verifyArgon2id(password, storedHash)
      await verifyNothing(password)
      return false
    },

    verifyNothing,

    needsRehash: (password, storedHash) =>
      usesBcrypt(password) ? bcryptCost(storedHash) !== settings.bcryptCost : !hasCurrentCost(storedHash),
  }
}
