/** Sealed secrets of second factors, as an enrolment stores them. */
import { seal } from '../../src/auth/secrets/sealing.ts'
import type { Database } from '../../src/db/index.ts'
import * as store from '../../src/db/index.ts'
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
  const at = new Date('2026-11-21T12:00:00Z')
  const setUp = (plain: Uint8Array) => ({
    sealedSecret: seal(keys, 'totp.pending_sealed_secret', userId, plain),
    expiresAt: new Date(at.getTime() + 900_000),
  })
  await db.transaction().execute(async (tx) => {
    await store.savePendingTotp(tx, userId, setUp(secret))
    const totp = await store.findTotp(tx, userId)
    if (totp === null) throw new Error('the app is missing')
    const sealedSecret = seal(keys, 'totp.sealed_secret', userId, secret)
    await store.confirmTotp(tx, totp, { sealedSecret, step: 1, at })
    await store.savePendingTotp(tx, userId, setUp(pending))
  })
}
