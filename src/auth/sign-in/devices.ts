/**
 * Devices that an account has signed in from. Each keeps a signed token that proves it. The token grants no access: it
 * gives the device its own failure counter, and spares the owner a notice.
 *
 * @see {@link https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies OWASP}
 */
import { randomSecret } from '../../lib/random.ts'
import { normalizeEmail, type User } from '../../model/user.ts'
import type { Client } from '../caller.ts'
import type { Context } from '../context.ts'

/** How long a device is remembered without a sign-in: as long as browsers keep the cookie. */
export const DEVICE_LIFETIME_SECONDS = 400 * 86_400

const PURPOSE = 'device'
const DEVICE = /^([A-Za-z0-9_-]{43})\.(.{1,100})$/

/**
 * A token for the device that has just signed in, or `null` without a secret key.
 *
 * @param known - The id of the device if it was recognised. It keeps the id, signed by the newest key.
 */
export function rememberDevice(ctx: Context, account: DeviceAccount, known: string | null): string | null {
  if (ctx.keys === null) return null
  const id = known ?? randomSecret()
  return `${id}.${ctx.keys.sign(PURPOSE, signedText(id, account))}`
}

/** The id of the device if the client presents a valid token of this account, or `null`. */
export function recogniseDevice(
  ctx: Context,
  { deviceToken }: Pick<Client, 'deviceToken'>,
  account: DeviceAccount | null,
): string | null {
  const [, id, signature] = DEVICE.exec(deviceToken ?? '') ?? []
  if (account === null || ctx.keys === null || id === undefined || signature === undefined) return null
  return ctx.keys.verify(PURPOSE, signedText(id, account), signature) ? id : null
}

type DeviceAccount = Pick<User, 'id' | 'email' | 'passwordVersion'>

// Bound to the account, so that a token of another account is worthless here. Bound to the password, because a new
// password may have been set to lock out someone who had signed in.
function signedText(id: string, account: DeviceAccount): string {
  return [id, account.id, normalizeEmail(account.email), account.passwordVersion].join('\n')
}
