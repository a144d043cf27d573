/**
 * Devices that an account has signed in from. Each keeps a signed token as proof. The token grants no access. It gives
 * the device its own failure counter, and its sign-ins cause no notice.
 *
 * @see {@link https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies OWASP}
 */
import { randomSecret } from '../../lib/random.ts'
import { normalizeEmail, type User } from '../../model/user.ts'
import type { Client } from '../caller.ts'
import type { Context } from '../context.ts'

/**
 * How long a device is remembered without a sign-in: the maximum lifetime of a cookie in browsers (RFC 6265bis §5.5).
 */
export const DEVICE_LIFETIME_SECONDS = 400 * 86_400

const PURPOSE = 'device'
const DEVICE = /^([A-Za-z0-9_-]{43})\.(.{1,100})$/

/**
 * Creates the token of a device that has just signed in. `null` without a secret key.
 *
 * @param known - The id of the device, if it was recognized. The id stays the same and is signed with the newest key.
 */
export function rememberDevice(ctx: Context, account: DeviceAccount, known: string | null): string | null {
  if (ctx.keys === null) return null
  const id = known ?? randomSecret()
  return `${id}.${ctx.keys.sign(PURPOSE, signedText(id, account))}`
}

/** The id of the device, or `null` if the client presents no valid token of this account. */
export function recognizeDevice(
  ctx: Context,
  { deviceToken }: Pick<Client, 'deviceToken'>,
  account: DeviceAccount | null,
): string | null {
  const [, id, signature] = DEVICE.exec(deviceToken ?? '') ?? []
  if (account === null || ctx.keys === null || id === undefined || signature === undefined) return null
  return ctx.keys.verify(PURPOSE, signedText(id, account), signature) ? id : null
}

type DeviceAccount = Pick<User, 'id' | 'email' | 'passwordVersion'>

// Bound to the account, so that the token of another account is invalid. Bound to the password, because the owner may
// set a new one to lock out an intruder.
function signedText(id: string, account: DeviceAccount): string {
  return [id, account.id, normalizeEmail(account.email), account.passwordVersion].join('\n')
}
