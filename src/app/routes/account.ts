import * as api from '../../api/index.ts'
import type { AuditRecord } from '../../auth/index.ts'
import { clearedCookie, sessionCookie } from '../cookies.ts'
import { type Routes, route, succeed } from '../handlers.ts'
import { sessionOnWire } from './sessions.ts'

export const accountRoutes: Routes = (engine) => [
  route(engine, api.changePassword, async ({ fields, caller }) => {
    const passwords = { currentPassword: fields.current_password, newPassword: fields.new_password }
    const renewed = await engine.changePassword(passwords, caller)
    const cookies = [sessionCookie(renewed.sessionId, engine.options)]
    return succeed(
      api.changePassword,
      { email: renewed.user.email, message: 'Password updated' },
      { cookies },
    )
  }),

  route(engine, api.exportProfile, async ({ caller }) => {
    const { account, sessions, audit } = await engine.exportAccount(caller)
    return succeed(api.exportProfile, {
      account: {
        id: account.id,
        email: account.email,
        created_at: account.createdAt.toISOString(),
        email_verified_at: account.emailVerifiedAt?.toISOString() ?? null,
        locale: account.locale,
      },
      sessions: sessions.map(sessionOnWire),
      audit: audit.map(auditOnWire),
    })
  }),

  route(engine, api.deleteProfile, async ({ caller }) => {
    const { email } = await engine.deleteAccount(caller)
    const cookies = [clearedCookie(engine.options)]
    return succeed(api.deleteProfile, { email, message: 'account deleted' }, { cookies })
  }),
]

function auditOnWire({ at, action, outcome, reason, ip, userAgent }: AuditRecord) {
  return { at: at.toISOString(), action, outcome, reason, ip, user_agent: userAgent }
}
