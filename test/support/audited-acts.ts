/** How to cause each audit record, and what it contains. */
import { expect } from 'vitest'
import type { AuthService } from '../../src/auth/index.ts'
import type { AuditRecord } from '../../src/index.ts'
import { MailRefused } from '../../src/mail/index.ts'
import type { AuditAction } from '../../src/model/audit-actions.ts'
import type { EngineName } from './engines.ts'
import {
  CLIENT,
  linkIn,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
  type ReceivedMail,
  untilNoMailWaits,
} from './production.ts'

const DAY = 86_400

/** A signed-in account to act on. */
interface TestAccount {
  readonly auth: AuthService
  readonly id: number
  readonly email: string
  readonly sessionToken: string
  /** Returns the token in the latest mail to an address. */
  tokenTo(email: string): Promise<string>
}

/** What a record must contain. With `client`, it also has the IP address, user agent and request id. */
type Expected = Partial<AuditRecord> & { readonly client?: boolean }

interface Act {
  readonly act: (account: TestAccount) => Promise<unknown>
  readonly line: Expected
}

/** How to cause an action, and what its record contains. */
export const ACTS = {
  register: {
    act: ({ auth, email }) => auth.account.register({ email: `new-${email}`, password: PASSWORD }, CLIENT),
    line: { actor: 'anonymous', client: true },
  },
  request_confirmation: {
    act: ({ auth, email }) => auth.account.requestConfirmation({ email }, CLIENT),
    line: { actor: 'anonymous', client: true },
  },
  confirm_email: {
    act: async ({ auth, email, tokenTo }) => {
      const address = `unconfirmed-${email}`
      await auth.registerUser(address, PASSWORD)
      await auth.account.confirmEmail({ token: await tokenTo(address), password: PASSWORD }, CLIENT)
    },
    line: { actor: 'user', client: true },
  },
  login: {
    act: ({ auth, email }) => auth.signIn.withPassword({ email, password: PASSWORD }, CLIENT),
    line: { actor: 'user', reason: 'pwd', details: { device: 'new', failures: 0 }, client: true },
  },
  limit_reached: {
    act: async ({ auth, email }) => {
      for (let times = 0; times < auth.options.resetRequestsPerAccount; times++)
        await auth.account.requestPasswordReset({ email }, CLIENT)
    },
    line: {
      actor: 'anonymous',
      outcome: 'refused',
      userId: null,
      details: { limit: 'reset_request', of: 'account', email: expect.stringMatching(/^l\*{3}@/) },
      client: true,
    },
  },
  logout: {
    act: ({ auth, sessionToken }) => auth.sessions.signOut({ ...CLIENT, sessionToken }),
    line: { actor: 'user', client: true },
  },
  end_session: {
    act: ({ auth, sessionToken }) =>
      auth.sessions.end({ id: sessionToken.slice(0, 36) }, { sessionToken, ...CLIENT }),
    line: { actor: 'user', client: true },
  },
  end_other_sessions: {
    act: async ({ auth, email, sessionToken }) => {
      await auth.createSession(email)
      await auth.sessions.endOthers({ sessionToken, ...CLIENT })
    },
    line: { actor: 'user', details: { ended: 1 }, client: true },
  },
  end_all_sessions: {
    act: ({ auth, id }) => auth.destroySession(id),
    line: { actor: 'operator' },
  },
  restore_database: {
    act: ({ auth }) => auth.transfer.finishRestore({ keepSessions: true }),
    line: { actor: 'operator', userId: null, details: { sessions: 0, tokens: 0 } },
  },
  reauthenticate: {
    act: ({ auth, sessionToken }) =>
      auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken, ...CLIENT }),
    line: { actor: 'user', reason: 'password', client: true },
  },
  request_password_reset: {
    act: ({ auth, email }) => auth.account.requestPasswordReset({ email }, CLIENT),
    line: { actor: 'anonymous', client: true },
  },
  reset_password: {
    act: async ({ auth, email, tokenTo }) => {
      await auth.account.requestPasswordReset({ email })
      await auth.account.resetPassword(
        { resetToken: await tokenTo(email), newPassword: NEW_PASSWORD },
        CLIENT,
      )
    },
    line: { actor: 'user', client: true },
  },
  change_password: {
    act: ({ auth, sessionToken }) =>
      auth.account.changePassword(
        { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
        { sessionToken, ...CLIENT },
      ),
    line: { actor: 'user', client: true },
  },
  request_email_change: {
    act: ({ auth, email, sessionToken }) =>
      auth.account.changeEmail({ email: `other-${email}` }, { sessionToken, ...CLIENT }),
    line: { actor: 'user', client: true },
  },
  change_email: {
    act: async ({ auth, email, sessionToken, tokenTo }) => {
      await auth.account.changeEmail({ email: `moved-${email}` }, { sessionToken })
      await auth.account.confirmEmail({ token: await tokenTo(`moved-${email}`), password: PASSWORD }, CLIENT)
    },
    line: { actor: 'user', client: true },
  },
  export_account: {
    act: ({ auth, sessionToken }) => auth.account.export({ sessionToken, ...CLIENT }),
    line: { actor: 'user', client: true },
  },
  delete_account: {
    act: ({ auth, sessionToken }) => auth.account.delete({ sessionToken, ...CLIENT }),
    // The record of a deleted account must not identify anybody.
    line: { actor: 'user', ip: null, userAgent: null, requestId: CLIENT.requestId ?? null },
  },
  delete_unconfirmed_accounts: {
    act: ({ auth }) => auth.deleteExpired(),
    line: { actor: 'system', userId: null, details: { removed: expect.any(Number) } },
  },
  disable_account: { act: ({ auth, id }) => auth.users.disable(id), line: { actor: 'operator' } },
  enable_account: { act: ({ auth, id }) => auth.users.enable(id), line: { actor: 'operator' } },
  unlock_account: { act: ({ auth, id }) => auth.users.unlock(id), line: { actor: 'operator' } },
  mark_password_compromised: {
    act: ({ auth, id }) => auth.users.markPasswordCompromised(id),
    line: { actor: 'operator' },
  },
  begin_import: {
    act: ({ auth, email }) =>
      Array.fromAsync(
        auth.transfer.importUsers([{ fields: { email: `import-${email}`, hashed_password: '!' } }]),
      ),
    line: { actor: 'operator', userId: null },
  },
  finish_import: {
    act: ({ auth, email }) =>
      Array.fromAsync(
        auth.transfer.importUsers([
          { fields: { email: `import-${email}`, hashed_password: '!' } },
          { fields: { email, hashed_password: '!' } },
          { fields: { email: `import-${email}`, hashed_password: '!' } },
        ]),
      ),
    line: { actor: 'operator', userId: null, details: { added: 1, unchanged: 1, rejected: 1 } },
  },
  export_users: {
    act: ({ auth }) => Array.fromAsync(auth.transfer.exportUsers({ withHashes: true })),
    line: { actor: 'operator', userId: null, details: { hashes: true } },
  },
  give_up_mail: {
    act: async ({ auth, email }) => {
      await auth.registerUser(`refused-${email}`, PASSWORD)
      await untilNoMailWaits(auth)
    },
    line: {
      actor: 'system',
      outcome: 'refused',
      reason: 'refused',
      details: { kind: 'verify_email', attempts: 1 },
    },
  },
} satisfies Partial<Record<AuditAction, Act>>
export const ACTIONS = Object.entries<Act>(ACTS)

/** Production mode with a new account for each action. */
export async function openProduction(
  engine: EngineName,
  options: { onAudit?: (line: AuditRecord) => void } = {},
) {
  const mailer = memoryMailer(({ to }) => {
    if (to.startsWith('refused-')) throw new MailRefused('no such mailbox')
  })
  const production = await productionAuth(engine, { unconfirmedAccountSeconds: DAY, ...options, mailer })
  const { auth, now } = production
  return {
    ...production,
    mails: mailer.mails,
    async newAccount(name: string): Promise<TestAccount> {
      // Masking keeps the first letter of an address.
      const email = `l${name.replaceAll('_', '-')}@example.com`
      const { id } = await auth.users.create({ email, password: PASSWORD, confirmed: true })
      if (name === 'delete_unconfirmed_accounts') {
        await auth.registerUser(`stale-${email}`, PASSWORD)
        now.advance(DAY - 60)
        // Its link is still valid, so that only the account is deleted.
        await auth.account.requestConfirmation({ email: `stale-${email}` })
        await untilNoMailWaits(auth)
        now.advance(60)
      }
      const sessionToken = (await auth.createSession(email)) ?? expect.unreachable()
      await untilNoMailWaits(auth)
      return {
        auth,
        id,
        email,
        sessionToken,
        async tokenTo(address) {
          await untilNoMailWaits(auth)
          const mail: ReceivedMail | undefined = mailer.mails.findLast(({ to }) => to === address)
          return linkIn(mail ?? expect.unreachable(`no mail to ${address}`)).token
        },
      }
    },
  }
}

/** All records of the audit log. */
export async function linesOf(auth: AuthService) {
  return Array.fromAsync(auth.audit.list())
}
