/** Sealed secrets of second factors. */
import { seal } from '../../src/auth/secrets/sealing.ts'
import type { Database } from '../../src/db/index.ts'
import { createKeyring, type Keyring, parseSecretKeys } from '../../src/lib/keyring.ts'

/** The keyring of a value of `secretKey`. */
export function ringOf(...keys: readonly string[]): Keyring {
  return createKeyring(parseSecretKeys(keys.join()))
}

/** Gives a user a confirmed authenticator app, and one that is being set up. */
export async function addSealedTotp(
  db: Database,
  keys: Keyring,
  { userId, secret, pending }: { userId: number; secret: Uint8Array; pending: Uint8Array },
): Promise<void> {
  const row = {
    user_id: userId,
    sealed_secret: seal(keys, 'totp.sealed_secret', userId, secret),
    confirmed_at: 1,
    last_step: 1,
    failures: 0,
    pending_sealed_secret: seal(keys, 'totp.pending_sealed_secret', userId, pending),
    pending_expires_at: 2,
  }
  await db.insertInto('totp').values(row).execute()
}
