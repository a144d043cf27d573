/** The form of accounts and sessions in answers. Fields are listed one by one, so that no new field is sent by accident. */
import type { AccountExport, AuditRecord, CurrentSession, SessionInfo } from '../auth/index.ts'
import type { Account } from '../model/user.ts'

/** An account as its user and the applications behind the service see it. */
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
  return {
    id: session.id,
    current: session.current,
    created_at: session.createdAt.toISOString(),
    authenticated_at: session.authenticatedAt.toISOString(),
    last_seen_at: session.lastSeenAt.toISOString(),
    expires_at: session.expiresAt.toISOString(),
    ip: session.ip,
    user_agent: session.userAgent,
  }
}

/** A record of the audit log, as the user sees it whom it is about. */
export function auditOnWire({ at, action, outcome, reason, ip, userAgent }: AuditRecord) {
  return { at: at.toISOString(), action, outcome, reason, ip, user_agent: userAgent }
}

/** The export of an account. */
export function exportOnWire({ account, sessions, audit }: AccountExport) {
  return {
    account: accountOnWire(account),
    sessions: sessions.map(sessionOnWire),
    audit: audit.map(auditOnWire),
  }
}
