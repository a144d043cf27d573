/**
 * Devices that an account was signed in to before: each keeps a token, signed by us, that says so. It opens
 * nothing. It gives its bearer a counter of failures of their own, and spares the owner a notice.
 *
 * @see {@link https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies OWASP}
 */
import { randomSecret } from '../../lib/random.ts'
import { normalizeEmail, type User } from '../../user.ts'
import type { Client } from '../caller.ts'
import type { Context } from '../context.ts'

/** How long a device is remembered without a login: as long as its client keeps the cookie. */
export const DEVICE_LIFETIME_SECONDS = 400 * 86_400

const PURPOSE = 'device'
const DEVICE = /^([A-Za-z0-9_-]{43})\.(.{1,100})$/

/**
 * A token for the device of somebody who has just signed in; `null` where there is no key to sign it.
 *
 * @param known - The device, where it was recognised: it keeps its number, signed by the newest key.
 */
export function rememberDevice(ctx: Context, account: DeviceAccount, known: string | null): string | null {
  if (ctx.keys === null) return null
  const id = known ?? randomSecret()
  return `${id}.${ctx.keys.sign(PURPOSE, signedText(id, account))}`
}

/** Which device of this account the client shows to be, or `null`. */
export function recogniseDevice(
  ctx: Context,
  { deviceToken }: Pick<Client, 'deviceToken'>,
  account: DeviceAccount | null,
): string | null {
  const [, id, signature] = DEVICE.exec(deviceToken ?? '') ?? []
  if (account === null || ctx.keys === null || id === undefined || signature === undefined) return null
  return ctx.keys.verify(PURPOSE, signedText(id, account), signature) ? id : null
}

/** The account that a device is known to. */
type DeviceAccount = Pick<User, 'id' | 'email' | 'passwordVersion'>

// Bound to the account: what another one was given is worth nothing here. And to the password: whoever was
// signed in before it was set may be whom it was set against.
function signedText(id: string, account: DeviceAccount): string {
  return [id, account.id, normalizeEmail(account.email), account.passwordVersion].join('\n')
}
