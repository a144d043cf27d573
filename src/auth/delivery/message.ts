/** What a mail says when it is sent. Tokens are created here. */
import type * as store from '../../db/index.ts'
import type { Message } from '../../mail/compose.ts'
import type { User } from '../../model/user.ts'
import { type Context, inTransaction } from '../context.ts'
import { issueDecoyToken, issueToken, type TokenOrder } from '../tokens.ts'
import { signInOf, signInsIn, textIn } from './device-notice.ts'
import { isLinked, type LinkedKind } from './kinds.ts'

/** A message that is ready to be composed. */
export interface Outgoing {
  readonly message: Message
  /** The id of the token in its link, or `null` if it has no link. */
  readonly tokenId: string | null
}

/**
 * The message of a mail. `null` if it is void by now: the address is confirmed, the account is disabled or deleted, or
 * its mailbox has as many links as may be outstanding.
 */
export async function messageOf(
  ctx: Context,
  mail: store.OutboxMail,
  user: User | null,
): Promise<Outgoing | null> {
  const kind = mail.kind as Message['kind']
  if (isLinked(kind)) {
    if (user === null || (kind === 'verify_email' && user.emailVerifiedAt !== null)) return null
    return linkedMessage(ctx, user, kind, mail.email ?? user.email)
  }
  return { message: notice(kind, mail), tokenId: null }
}

function notice(kind: Exclude<Message['kind'], LinkedKind>, mail: store.OutboxMail): Message {
  const { details } = mail
  switch (kind) {
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

const PURPOSES: Readonly<Record<LinkedKind, store.TokenPurpose>> = {
  verify_email: 'confirm_email',
  confirm_new_email: 'change_email',
  reset_password: 'reset_password',
  account_exists: 'reset_password',
}

const PAGES = {
  reset_password: '/reset_password',
  confirm_email: '/confirm_email',
  change_email: '/confirm_email',
}

async function linkedMessage(
  ctx: Context,
  user: User,
  kind: LinkedKind,
  email: string,
): Promise<Outgoing | null> {
  const order = orderFor(ctx, kind, email)
  const token = await inTransaction(ctx, (tx) => issueToken(tx, user, order))
  return token.reason === undefined
    ? { message: withLink(ctx, kind, order, token.value), tokenId: token.id }
    : null
}

/** A message like that of {@link messageOf}, after the same work, for a mail without a recipient. */
export async function decoyMessage(
  ctx: Context,
  { id }: store.OutboxMail,
  { kind, email }: { readonly kind: LinkedKind; readonly email: string },
): Promise<Message> {
  const order = orderFor(ctx, kind, email)
  const token = await inTransaction(ctx, (tx) => issueDecoyToken(tx, id, order))
  return withLink(ctx, kind, order, token)
}

function orderFor({ options }: Context, kind: LinkedKind, email: string): TokenOrder {
  const purpose = PURPOSES[kind]
  return {
    purpose,
    email,
    lifetimeSeconds:
      purpose === 'reset_password' ? options.resetTokenLifetimeSeconds : options.emailTokenLifetimeSeconds,
    // Only the owner can request a change of address, and a link to a mistyped address must stop working.
    replaces: purpose === 'change_email',
  }
}

/** The message with a link that carries a token, in the fragment: a browser never sends it, so that no log has it. */
function withLink(
  { options }: Context,
  kind: LinkedKind,
  { purpose, email, lifetimeSeconds }: TokenOrder,
  token: string,
): Message {
  const fragment = new URLSearchParams(purpose === 'reset_password' ? { email, token } : { token })
  // Always under the configured address, whatever host a request named.
  return {
    kind,
    link: `${options.baseUrl.replace(/\/+$/, '')}${PAGES[purpose]}#${fragment}`,
    lifetimeSeconds,
  }
}
