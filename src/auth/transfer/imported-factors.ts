/** Reads the factors and identities of one user of an import, strictly. */
import { decodeBase32 } from '../../lib/base32.ts'
import { isUuid } from '../../lib/random.ts'
import { isRpId } from '../../lib/relying-party.ts'
import { OPTION_TABLE } from '../../options/index.ts'
import { checkPasskeyName, defaultName } from '../passkeys/info.ts'
import {
  ALGORITHMS,
  areTransports,
  CREDENTIAL_ID_MAX_BYTES,
  fromBase64url,
  isPublicKey,
  type PasskeyAlgorithm,
} from '../passkeys/webauthn/index.ts'
import {
  boolean,
  FieldProblem,
  type Given,
  type Item,
  listOf,
  membersOf,
  parsed,
  text,
  time,
} from './field-values.ts'
import { identitiesOf } from './imported-identities.ts'
import type { MovingFactors, MovingPasskey, MovingTotp } from './moving-factors.ts'

/** The fields of factors and identities, beside the columns of users. */
export const FACTOR_FIELDS = [
  'totp_secret',
  'totp_confirmed_at',
  'totp_disabled_at',
  'passkeys',
  'identities',
] as const

/** Old authenticator apps have secrets of 80 bits; more than 512 bits add nothing. */
const SECRET_BYTES = { min: 10, max: 64 } as const
const HANDLE_MAX_BYTES = 64
/** The largest RSA key takes about 530 bytes. */
const PUBLIC_KEY_MAX_BYTES = 1_024
const PASSKEYS_MAX = OPTION_TABLE.passkeysPerUser.kind.max
const NO_AAGUID = '00000000-0000-0000-0000-000000000000'

interface FactorDetails {
  readonly now: Date
  /** Whether secrets can be sealed with a key that lasts. */
  readonly canSeal: boolean
}

export function readFactors(given: Given, details: FactorDetails): MovingFactors {
  return {
    totp: readTotp(given, details),
    passkeys: parsed(given, 'passkeys', passkeysOf) ?? [],
    identities: parsed(given, 'identities', identitiesOf) ?? [],
  }
}

function readTotp(given: Given, { now, canSeal }: FactorDetails): MovingTotp | null {
  const secret = parsed(given, 'totp_secret', secretOf)
  const [confirmedAt, disabledAt] = [
    parsed(given, 'totp_confirmed_at', time),
    parsed(given, 'totp_disabled_at', time),
  ]
  if (secret === null) {
    for (const field of ['totp_confirmed_at', 'totp_disabled_at'])
      if (given.has(field)) throw new FieldProblem(field, 'is set, but totp_secret is missing')
    return null
  }
  if (!canSeal)
    throw new FieldProblem(
      'totp_secret',
      'needs BIENVENUE_SECRET_KEY, which encrypts it; leave the field out to import the account without its app',
    )
  return { secret, confirmedAt: confirmedAt ?? now, disabledAt }
}

function secretOf(value: unknown, field: string): Uint8Array {
  const secret = decodeBase32(text(value, field))
  if (secret === null)
    throw new FieldProblem(field, 'is not base32; leave the field out to import the account without its app')
  if (secret.length < SECRET_BYTES.min || secret.length > SECRET_BYTES.max)
    throw new FieldProblem(field, `is not ${SECRET_BYTES.min} to ${SECRET_BYTES.max} bytes long`)
  return secret
}

/** The handle of a user at authenticators: 1 to 64 bytes in base64url (WebAuthn Level 3 §5.4.3). */
export function handleOf(value: unknown, field: string): string {
  const handle = text(value, field)
  base64url(handle, { field, max: HANDLE_MAX_BYTES })
  return handle
}

function base64url(value: unknown, { field, max }: { field: string; max: number }): Uint8Array {
  const bytes = typeof value === 'string' ? fromBase64url(value) : null
  if (bytes === null || bytes.length === 0 || bytes.length > max)
    throw new FieldProblem(field, `is not 1 to ${max} bytes in base64url without padding`)
  return bytes
}

function passkeysOf(value: unknown, field: string): readonly MovingPasskey[] {
  const passkeys = listOf(value, field, { max: PASSKEYS_MAX, what: 'passkeys' }).map(passkeyOf)
  if (new Set(passkeys.map(({ credentialId }) => credentialId)).size < passkeys.length)
    throw new FieldProblem(field, 'has a credential_id twice')
  return passkeys
}

const PASSKEY_FIELDS = [
  'credential_id',
  'public_key',
  'algorithm',
  'sign_count',
  'backup_eligible',
  'backed_up',
  'user_verified',
  'discoverable',
  'transports',
  'aaguid',
  'rp_id',
  'name',
  'created_at',
  'last_used_at',
] as const

function passkeyOf({ value: item, field: at }: Item): MovingPasskey {
  const read = membersOf(item, at, { names: PASSKEY_FIELDS, what: 'a passkey' })
  const credentialId = read('credential_id', (value, field) => {
    base64url(value, { field, max: CREDENTIAL_ID_MAX_BYTES })
    return value as string
  })
  const aaguid = read('aaguid', aaguidOf, NO_AAGUID)
  const passkey = {
    credentialId,
    publicKey: read('public_key', (value, field) => base64url(value, { field, max: PUBLIC_KEY_MAX_BYTES })),
    algorithm: read('algorithm', algorithmOf),
    signCount: read('sign_count', countOf, 0),
    backupEligible: read('backup_eligible', boolean, false),
    backedUp: read('backed_up', boolean, false),
    userVerified: read('user_verified', boolean, false),
    discoverable: read('discoverable', boolean, true),
    transports: read('transports', transportsOf, []),
    aaguid,
    rpId: read('rp_id', rpIdOf),
    name: read('name', nameOf, defaultName(aaguid, undefined)),
    createdAt: read('created_at', time),
    lastUsedAt: read<Date | null>('last_used_at', time, null),
  }
  if (passkey.backedUp && !passkey.backupEligible)
    throw new FieldProblem(`${at}.backed_up`, 'is true, but backup_eligible is not')
  return passkey
}

function aaguidOf(value: unknown, field: string): string {
  const aaguid = text(value, field).toLowerCase()
  if (!isUuid(aaguid)) throw new FieldProblem(field, 'is not a UUID')
  return aaguid
}

function algorithmOf(value: unknown, field: string): PasskeyAlgorithm {
  const known = ALGORITHMS.find((algorithm) => algorithm === value)
  if (known === undefined) throw new FieldProblem(field, `is not one of ${ALGORITHMS.join(', ')}`)
  return known
}

/** The counter has 32 bits (WebAuthn Level 3 §6.1). */
function countOf(value: unknown, field: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xff_ff_ff_ff)
    return value
  throw new FieldProblem(field, 'is not a whole number from 0 to 4294967295')
}

function transportsOf(value: unknown, field: string): readonly string[] {
  if (areTransports(value)) return [...new Set(value)]
  throw new FieldProblem(field, 'is not a list of transports')
}

function rpIdOf(value: unknown, field: string): string {
  const host = text(value, field)
  if (!isRpId(host)) throw new FieldProblem(field, 'is not a host name in lower case')
  return host
}

function nameOf(value: unknown, field: string): string {
  const checked = checkPasskeyName(value)
  if ('problem' in checked) throw new FieldProblem(field, checked.problem)
  return checked.value
}

/** Finds the first public key that does not fit its algorithm, and returns the problem. Loads the WebAuthn library. */
export async function findWrongKey({ passkeys }: MovingFactors): Promise<string | null> {
  for (const [index, { publicKey, algorithm }] of passkeys.entries())
    if (!(await isPublicKey(publicKey, algorithm as PasskeyAlgorithm)))
      return `passkeys[${index}].public_key: is not a public key in COSE form of the algorithm ${algorithm}`
  return null
}
