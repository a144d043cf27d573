/** Passkeys as their owner sees them, and the rules for their names. */
import type * as store from '../../db/index.ts'
import { deviceName } from '../../lib/device-name.ts'
import { AuthError } from '../../model/errors.ts'
import { type Checked, checkName } from '../account/profile-values.ts'
import { providerOf } from './providers.ts'

/** A passkey or security key. It contains no secret. */
export interface PasskeyInfo {
  /** The public id of the passkey here. */
  readonly id: string
  /** The id that browsers know, in base64url. */
  readonly credentialId: string
  readonly name: string
  /** The password manager or device that made it, or `null`. It is not verified: use it only as a name. */
  readonly provider: string | null
  /** Whether it can sign in on its own. `false` for a security key, which is a second factor. */
  readonly discoverable: boolean
  /** Whether it is synced to other devices. */
  readonly backedUp: boolean
  /** Whether it works on this host. `false` if the RP ID has changed since. */
  readonly usable: boolean
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
}

/** @param rpId - The current RP ID, or `null` if passkeys are off. */
export function passkeyInfo(passkey: store.Passkey, rpId: string | null): PasskeyInfo {
  const { id, credentialId, name, aaguid, discoverable, backedUp, createdAt, lastUsedAt } = passkey
  const more = { provider: providerOf(aaguid), usable: passkey.rpId === rpId }
  return { id, credentialId, name, ...more, discoverable, backedUp, createdAt, lastUsedAt }
}

/** In Unicode code points. */
const NAME_MAX_LENGTH = 64

/** Checks that a name is 1 to 64 visible characters. */
export function checkPasskeyName(given: unknown): Checked<string> {
  const checked = checkName(given)
  const isTooLong = 'value' in checked && [...checked.value].length > NAME_MAX_LENGTH
  return isTooLong ? { problem: `is longer than ${NAME_MAX_LENGTH} characters` } : checked
}

/** @throws {AuthError} `invalid_field`: the name is not 1 to 64 visible characters. */
export function passkeyName(given: unknown): string {
  const checked = checkPasskeyName(given)
  if ('problem' in checked) throw new AuthError('invalid_field', { field: 'name' })
  return checked.value
}

/** The name of a passkey that the user did not name. */
export function defaultName(aaguid: string, userAgent: string | undefined): string {
  const { browser, system } = deviceName(userAgent ?? null) ?? { browser: null, system: null }
  const device = [browser, system].filter((name) => name !== null).join(', ')
  return providerOf(aaguid) ?? (device || 'Passkey')
}
