/** Seals and opens the secrets of authenticator apps. */
import type * as store from '../../db/index.ts'
import { AuthError, OptionError } from '../../model/errors.ts'
import type { Context } from '../context.ts'
import { seal, unseal } from '../secrets/sealing.ts'

/** The columns of the secrets: of the confirmed app, and of the one that is being set up. */
const COLUMNS = {
  confirmed: { name: 'totp.sealed_secret', property: 'sealedSecret' },
  pending: { name: 'totp.pending_sealed_secret', property: 'pendingSealedSecret' },
} as const

/** @throws {OptionError} There is no secret key. */
export function sealTotp(
  { keys }: Context,
  userId: number,
  which: keyof typeof COLUMNS,
  secret: Uint8Array,
): Uint8Array {
  if (keys === null) throw new OptionError('secretKey', 'is not set: it encrypts TOTP secrets')
  return seal(keys, COLUMNS[which].name, userId, secret)
}

/**
 * Opens a secret.
 *
 * @returns `null` if there is none.
 * @throws {AuthError} `unavailable`: its key is no longer in `secretKey`, or the value was altered or moved. Other
 *   factors still work.
 */
export function openTotp(
  { keys }: Context,
  totp: store.Totp,
  which: keyof typeof COLUMNS,
): Uint8Array | null {
  const { name, property } = COLUMNS[which]
  const sealed = totp[property]
  if (sealed === null) return null
  const opened = keys === null ? 'unknown_key' : unseal(keys, name, totp.userId, sealed)
  if (typeof opened !== 'string') return opened
  const cause = new Error(
    `the secret of the authenticator app of user ${totp.userId} does not open: ${opened}`,
  )
  throw new AuthError('unavailable', { cause })
}

/** Calls a function that opens a secret. Returns `null` if the secret does not open. */
export function openedOrNull<Opened>(open: () => Opened | null): Opened | null {
  try {
    return open()
  } catch (error) {
    if (error instanceof AuthError && error.code === 'unavailable') return null
    throw error
  }
}
