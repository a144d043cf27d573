/** Builds the message of a mail when it is sent, with its token. */

import type * as store from '../../db/index.ts'
import { withoutTrailing } from '../../lib/without-trailing.ts'
import type { Message } from '../../mail/compose.ts'
import { NO_PASSWORD, type User } from '../../model/user.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { issueCode } from '../mail-codes/issue.ts'
import { issueDecoyToken, issueToken, type TokenRequest } from '../tokens.ts'
import { signInOf, signInsIn, textIn } from './device-notice.ts'
import { isLinked, type LinkedKind, MAIL_KINDS } from './kinds.ts'

/** A message that is ready to be composed. */
export interface Outgoing {
  /** Adds the link, which the application may build. @throws {MailError} The application failed. */
  readonly message: () => Promise<Message>
  /** The id of the token in its link, or `null` if it has no link. */
  readonly tokenId: string | null
  /** The id of its code, or `null` if it has none. */
  readonly codeId: string | null
}

/**
 * Why a mail is not sent. `void`: the address is confirmed, or the account is disabled or deleted. `too_many_links`: the
 * account has the maximum number of links.
 */
export type Unsent = 'void' | 'too_many_links'

/** Builds the message of a mail. */
export async function messageOf(
  ctx: Context,
  mail: store.OutboxMail,
  user: User | null,
): Promise<Outgoing | Unsent> {
  const kind = mail.kind as Message['kind']
  if (isLinked(kind)) {
    if (user === null || (kind === 'verify_email' && user.emailVerifiedAt !== null)) return 'void'
    // A confirmation link needs a password too. If there is none, send the link that sets it and confirms the address.
    const sent = kind === 'verify_email' && user.hashedPassword === NO_PASSWORD ? 'set_password' : kind
    return linkedMessage(ctx, mail, user, sent)
  }
  return { message: async () => notice(kind, mail), tokenId: null, codeId: null }
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
    case 'second_factor_failed':
      return { kind, ...signInOf(details), at: mail.createdAt }
    case 'passkey_added':
    case 'passkey_removed':
    case 'passkey_refused':
    case 'identity_connected':
    case 'identity_disconnected':
      return { kind, name: textIn(details.name) ?? '' }
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

async function linkedMessage(
  ctx: Context,
  mail: store.OutboxMail,
  user: User,
  kind: LinkedKind,
): Promise<Outgoing | Unsent> {
  const request = requestFor(ctx, kind, mail.email ?? user.email)
  const { token, code } = await inTransaction(ctx, async (tx) => ({
    token: await issueToken(tx, user, request),
    code: await codeOf(tx, mail),
  }))
  if (token.reason !== undefined) return token.reason === 'full' ? 'too_many_links' : 'void'
  // The browser waits for a code, but this mail must not have one: its link does something else.
  const shown = CODED.has(kind) ? code : null
  return {
    message: () => withLink(ctx, kind, request, { token: token.value, code: shown }),
    tokenId: token.id,
    codeId: textIn(mail.details.codeId),
  }
}

/** The mails that show a code. It does the same as the link; in `set_password`, it only confirms the address. */
const CODED: ReadonlySet<LinkedKind> = new Set([
  'verify_email',
  'set_password',
  'reset_password',
  'confirm_new_email',
])

async function codeOf(tx: TxContext, { details }: store.OutboxMail): Promise<string | null> {
  const codeId = textIn(details.codeId)
  return codeId === null ? null : issueCode(tx, codeId)
}

/** Builds a message with the same work as {@link messageOf}, for a mail without a recipient. */
export async function decoyMessage(
  ctx: Context,
  mail: store.OutboxMail,
  { kind, email }: { readonly kind: LinkedKind; readonly email: string },
): Promise<Outgoing['message']> {
  const request = requestFor(ctx, kind, email)
  const secrets = await inTransaction(ctx, async (tx) => ({
    token: await issueDecoyToken(tx, mail.id, request),
    code: await codeOf(tx, mail),
  }))
  return () => withLink(ctx, kind, request, secrets)
}

function requestFor({ options }: Context, kind: LinkedKind, email: string): TokenRequest {
  const purpose = MAIL_KINDS[kind].link
  return {
    purpose,
    email,
    lifetimeSeconds: options[LINKS[purpose].lifetime],
    // Only the owner can request a change of address, and a link to a mistyped address must stop working.
    replaces: purpose === 'change_email',
  }
}

/** The message with a link that contains a token. The token is in the fragment, which browsers never send to a log. */
async function withLink(
  { options, mail }: Context,
  kind: LinkedKind,
  { purpose, email, lifetimeSeconds }: TokenRequest,
  { token, code }: { readonly token: string; readonly code: string | null },
): Promise<Message> {
  const fragment = new URLSearchParams(purpose === 'reset_password' ? { email, token } : { token })
  // Built from BASE_URL, never from the Host header of a request.
  const page = `${withoutTrailing(options.baseUrl, '/')}${LINKS[purpose].page}#${fragment}`
  const link = (await mail.linkFor(purpose, { token, email, kind })) ?? page
  return { kind, link, token, code, lifetimeSeconds }
}
