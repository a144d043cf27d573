/** Seals and opens the secrets of authenticator apps. */
import type * as store from '../../db/index.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { AuthError, OptionError } from '../../model/errors.ts'
import type { Context } from '../context.ts'

/** The two places of a secret: of the confirmed app, and of the one that is being set up. */
export type TotpColumn = 'sealed_secret' | 'pending_sealed_secret'

export const TOTP_PURPOSE = 'totp'

/** Seals a secret for one column of one user. */
export function sealTotp(ctx: Context, userId: number, column: TotpColumn, secret: Uint8Array): Uint8Array {
  return requireKeys(ctx).seal(TOTP_PURPOSE, { table: 'totp', column, row: userId }, secret)
}

/**
 * Opens a secret.
 *
 * @returns `null` if there is none.
 * @throws {AuthError} `unavailable`: its key was dropped, or the value was altered or moved. Other factors work.
 */
export function openTotp(ctx: Context, totp: store.Totp, column: TotpColumn): Uint8Array | null {
  const sealed = column === 'sealed_secret' ? totp.sealedSecret : totp.pendingSealedSecret
  if (sealed === null) return null
  const place = { table: 'totp', column, row: totp.userId }
  const opened = ctx.keys?.open(TOTP_PURPOSE, place, sealed) ?? 'unknown_key'
  if (typeof opened !== 'string') return opened
  const cause = new Error(`the secret of the authenticator app of user ${totp.userId} does not open: ${opened}`)
  throw new AuthError('unavailable', { cause })
}

function requireKeys({ keys }: Context): Keyring {
  if (keys === null) throw new OptionError('secretKey', 'is not set: secrets of authenticator apps need it')
  return keys
}
