/** Accounts and sessions as answers have them. Fields are listed one by one, so that no new field is sent by accident. */
import type {
  AccountExport,
  AuditRecord,
  CurrentSession,
  FactorInfo,
  IdentityInfo,
  PasskeyInfo,
  SessionInfo,
  SessionSummary,
} from '../auth/index.ts'
import type { Account } from '../model/user.ts'

/** An account, as its user and other applications see it. */
export function accountOnWire(account: Account) {
  return {
    id: account.id,
    email: account.email,
    email_verified_at: account.emailVerifiedAt?.toISOString() ?? null,
    created_at: account.createdAt.toISOString(),
    locale: account.locale,
    name: account.name,
    picture: account.picture,
    metadata: account.metadata,
  }
}

/** The session of a request. */
export function currentSessionOnWire({ session }: CurrentSession) {
  return {
    id: session.id,
    created_at: session.createdAt.toISOString(),
    authenticated_at: session.authenticatedAt.toISOString(),
    expires_at: session.expiresAt.toISOString(),
    amr: [...session.amr],
    aal: session.aal,
    fresh: session.fresh,
  }
}

/** A session in the list of a user's sessions. */
export function sessionOnWire(session: SessionInfo) {
  const { id, ...summary } = sessionSummaryOnWire(session)
  return { id, current: session.current, ...summary }
}

/** A session, as operators see it. It contains no token. */
export function sessionSummaryOnWire(session: SessionSummary) {
  return {
    id: session.id,
    created_at: session.createdAt.toISOString(),
    authenticated_at: session.authenticatedAt.toISOString(),
    last_seen_at: session.lastSeenAt.toISOString(),
    expires_at: session.expiresAt.toISOString(),
    ip: session.ip,
    user_agent: session.userAgent,
  }
}

/** A passkey or security key. */
export function passkeyOnWire(passkey: PasskeyInfo) {
  return {
    id: passkey.id,
    credential_id: passkey.credentialId,
    name: passkey.name,
    provider: passkey.provider,
    discoverable: passkey.discoverable,
    backed_up: passkey.backedUp,
    usable: passkey.usable,
    created_at: passkey.createdAt.toISOString(),
    last_used_at: passkey.lastUsedAt?.toISOString() ?? null,
  }
}

/** An account at another provider. */
export function identityOnWire(identity: IdentityInfo) {
  return {
    id: identity.id,
    provider: identity.provider,
    provider_name: identity.providerName,
    email: identity.email,
    created_at: identity.createdAt.toISOString(),
    last_used_at: identity.lastUsedAt?.toISOString() ?? null,
  }
}

/** An identity with its identifiers at the provider, for exports and operators. */
export function identityDetailsOnWire(identity: IdentityInfo) {
  return {
    ...identityOnWire(identity),
    issuer: identity.issuer,
    subject: identity.subject,
    email_verified: identity.emailVerified,
  }
}

/** The second factors of an account. */
export function factorsOnWire(factors: FactorInfo) {
  return {
    password: factors.password,
    totp: factors.totp && {
      confirmed_at: factors.totp.confirmedAt.toISOString(),
      disabled_at: factors.totp.disabledAt?.toISOString() ?? null,
    },
    passkeys: factors.passkeys.map(passkeyOnWire),
    recovery_codes: factors.recoveryCodes,
    second_factor_enabled: factors.secondFactorEnabled,
    policy: factors.policy,
  }
}

/** A record of the audit log, as shown to the user of the account. */
export function auditOnWire({ at, action, outcome, reason, ip, userAgent }: AuditRecord) {
  return { at: at.toISOString(), action, outcome, reason, ip, user_agent: userAgent }
}

/** The export of an account. */
export function exportOnWire({ account, factors, identities, sessions, audit }: AccountExport) {
  return {
    account: accountOnWire(account),
    factors: factorsOnWire(factors),
    identities: identities.map(identityDetailsOnWire),
    sessions: sessions.map(sessionOnWire),
    audit: audit.map(auditOnWire),
  }
}
