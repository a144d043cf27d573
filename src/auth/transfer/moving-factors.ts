/** The factors and identities of an account as import and export carry them. */
import type * as store from '../../db/index.ts'
import { encodeBase32 } from '../../lib/base32.ts'
import { toBase64url } from '../passkeys/webauthn/index.ts'

/** The authenticator app of an account. */
export interface MovingTotp {
  /** `null`: it cannot be opened here. */
  readonly secret: Uint8Array | null
  readonly confirmedAt: Date | null
  readonly disabledAt: Date | null
}

/** A passkey, without its ids in this database. */
export type MovingPasskey = Omit<store.Passkey, 'id' | 'userId'>

/** An identity at a provider, without its ids in this database. */
export type MovingIdentity = Omit<store.Identity, 'id' | 'userId'>

/** What an account signs in with, besides its password. */
export interface MovingFactors {
  readonly totp: MovingTotp | null
  readonly passkeys: readonly MovingPasskey[]
  readonly identities: readonly MovingIdentity[]
}

/** A passkey in an export. Times are in ISO 8601, binary values in base64url. It contains no secret. */
export interface ExportedPasskey {
  readonly credential_id: string
  /** As COSE. */
  readonly public_key: string
  /** The number of the algorithm in COSE: -8, -7 or -257. */
  readonly algorithm: number
  readonly sign_count: number
  readonly backup_eligible: boolean
  readonly backed_up: boolean
  readonly user_verified: boolean
  readonly discoverable: boolean
  readonly transports: readonly string[]
  readonly aaguid: string
  readonly rp_id: string
  readonly name: string
  readonly created_at: string
  readonly last_used_at: string | null
}

/** An identity in an export. Times are in ISO 8601. It contains no secret. */
export interface ExportedIdentity {
  /** The id of the provider. */
  readonly provider: string
  readonly issuer: string
  /** The id of the person there. */
  readonly subject: string
  /** The address there, at the last sign-in. */
  readonly email: string | null
  /** Whether the provider has verified the address. */
  readonly email_verified: boolean
  readonly created_at: string
  readonly last_used_at: string | null
}

/** The factors and identities of a user in an export. */
export interface ExportedFactors {
  /** The secret of the authenticator app, in base32. Only with `withHashes`. `null` also if it cannot be opened. */
  readonly totp_secret?: string | null
  readonly totp_confirmed_at: string | null
  /** When too many wrong codes disabled the app. */
  readonly totp_disabled_at: string | null
  readonly passkeys: readonly ExportedPasskey[]
  readonly identities: readonly ExportedIdentity[]
}

export function exportedFactors(
  { totp, passkeys, identities }: MovingFactors,
  withSecrets: boolean,
): ExportedFactors {
  const secret = totp?.secret == null ? null : encodeBase32(totp.secret)
  return {
    ...(withSecrets && { totp_secret: secret }),
    totp_confirmed_at: totp?.confirmedAt?.toISOString() ?? null,
    totp_disabled_at: totp?.disabledAt?.toISOString() ?? null,
    passkeys: passkeys.map(exportedPasskey),
    identities: identities.map(exportedIdentity),
  }
}

function exportedIdentity(identity: MovingIdentity): ExportedIdentity {
  return {
    provider: identity.providerId,
    issuer: identity.issuer,
    subject: identity.subject,
    email: identity.email,
    email_verified: identity.emailVerified,
    created_at: identity.createdAt.toISOString(),
    last_used_at: identity.lastUsedAt?.toISOString() ?? null,
  }
}

function exportedPasskey(passkey: MovingPasskey): ExportedPasskey {
  return {
    credential_id: passkey.credentialId,
    public_key: toBase64url(passkey.publicKey),
    algorithm: passkey.algorithm,
    sign_count: passkey.signCount,
    backup_eligible: passkey.backupEligible,
    backed_up: passkey.backedUp,
    user_verified: passkey.userVerified,
    discoverable: passkey.discoverable,
    transports: passkey.transports,
    aaguid: passkey.aaguid,
    rp_id: passkey.rpId,
    name: passkey.name,
    created_at: passkey.createdAt.toISOString(),
    last_used_at: passkey.lastUsedAt?.toISOString() ?? null,
  }
}
