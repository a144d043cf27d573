/** Builds the message of a mail when it is sent, with its token. */
import type * as store from '../../db/index.ts'
import type { Message } from '../../mail/compose.ts'
import type { User } from '../../model/user.ts'
import { type Context, inTransaction } from '../context.ts'
import { issueToken } from '../tokens.ts'
import { signInOf, signInsIn, textIn } from './device-notice.ts'
import { type LinkedKind, MAIL_KINDS } from './kinds.ts'

/** The message of a mail. `null` if it is obsolete: the address is confirmed, or the account is disabled or deleted. */
export async function messageOf(
  ctx: Context,
  mail: store.OutboxMail,
  user: User | null,
): Promise<Message | null> {
  const { details } = mail
  const kind = mail.kind as Message['kind']
  switch (kind) {
    case 'verify_email':
      if (user === null || user.emailVerifiedAt !== null) return null
      return withLink(ctx, user, kind, user.email)
    case 'confirm_new_email':
      if (user === null || mail.email === null) return null
      return withLink(ctx, user, kind, mail.email)
    case 'reset_password':
    case 'account_exists':
      return user && withLink(ctx, user, kind, user.email)
    case 'email_change_requested':
    case 'email_changed':
      return { kind, newEmail: textIn(details.newEmail) ?? '' }
    case 'new_device':
      // Sign-ins that an earlier notice reported are not reported again.
      return { kind, count: mail.events, signIns: signInsIn(mail).slice(-mail.events).map(signInOf) }
    case 'signed_in_after_failures':
      return { kind, ...signInOf(details), at: mail.createdAt, failures: Number(details.failures) }
    default:
      return { kind }
  }
}

/** The page behind the link with a token, and the option with the lifetime of the token. */
export const LINKS = {
  reset_password: { page: '/reset_password', lifetime: 'resetTokenLifetimeSeconds' },
  confirm_email: { page: '/confirm_email', lifetime: 'emailTokenLifetimeSeconds' },
  change_email: { page: '/confirm_email', lifetime: 'emailTokenLifetimeSeconds' },
} as const satisfies Record<store.TokenPurpose, object>

/**
 * The message with a link that contains a new token. The token is in the fragment, which browsers never send to a log.
 */
async function withLink(ctx: Context, user: User, kind: LinkedKind, email: string): Promise<Message | null> {
  const purpose = MAIL_KINDS[kind].link
  const { page, lifetime } = LINKS[purpose]
  const lifetimeSeconds = ctx.options[lifetime]
  const token = await inTransaction(ctx, (tx) => issueToken(tx, user, { purpose, email, lifetimeSeconds }))
  if (token === null) return null
  const fragment = new URLSearchParams(purpose === 'reset_password' ? { email, token } : { token })
  // Built from BASE_URL, never from the Host header of a request.
  return { kind, link: `${ctx.options.baseUrl.replace(/\/+$/, '')}${page}#${fragment}`, lifetimeSeconds }
}
