/**
 * Enqueues mail in the transaction of the change that causes it. Tokens are made when the mail is sent, so that none is
 * stored in the outbox and an outage of the mail server does not shorten their lifetime.
 */
import * as store from '../../db/index.ts'
import { languageOf, negotiate } from '../../lib/language.ts'
import { networksOf } from '../../lib/network.ts'
import { uuidV7 } from '../../lib/random.ts'
import { OptionError } from '../../model/errors.ts'
import type { MailCodePurpose } from '../../model/mail-codes.ts'
import { isEmailAddress, storedEmail, type User } from '../../model/user.ts'
import { LOCALES, type Locale } from '../../text/index.ts'
import { textOf } from '../audit/record.ts'
import type { Client } from '../caller.ts'
import type { Context, TxContext } from '../context.ts'
import { type MailCodeOrder, reserveCode } from '../mail-codes/issue.ts'
import { SIGN_INS_NAMED_MAX, signInsIn } from './device-notice.ts'
import { isLinked, isVital, LINKED_KINDS, type MailKind } from './kinds.ts'
import { endOfNoticePause } from './pauses.ts'

/** Optional properties of a mail. */
interface MailDetails {
  /** The recipient, if it is not the current address of the account. */
  readonly email?: string
  readonly details?: store.OutboxMail['details']
  /** The code that the browser of the request waits for. */
  readonly code?: MailCodeOrder
}

/**
 * Refuses to mail a link that cannot be sent.
 *
 * @throws {OptionError} There is no mailer, or no base URL for the link.
 */
export function assertMailsLinks({ sendsMail, options }: Context): void {
  if (!sendsMail) throw new OptionError('smtpUrl', 'is not set: sending this mail needs a mail server')
  if (options.baseUrl === '') throw new OptionError('baseUrl', 'is not set: the link in the mail needs it')
}

/**
 * Enqueues a mail to a user. Mail with a link goes to the address that the account has when it is sent. A notice goes
 * to the current address.
 */
export async function enqueueMail(
  tx: TxContext,
  user: Pick<User, 'id' | 'locale' | 'email'>,
  kind: MailKind,
  client: Client,
  { email, details = {}, code }: MailDetails = {},
): Promise<void> {
  // Lock the user first, as in every transaction, to prevent deadlocks. The account may have been deleted since it was
  // read.
  if ((await store.lockUser(tx.db, user.id)) === null)
    return enqueueDecoy(tx, kind, client, user.email, code?.purpose)
  const to = email ?? (isLinked(kind) ? null : user.email)
  const withCode = await withReserved(tx, details, code, client)
  const mail = { kind, userId: user.id, email: to, locale: localeFor(client, user), details: withCode }
  await add(tx, mail, client)
}

/**
 * Enqueues the notice of a sign-in from a new device. An account gets at most one every ten minutes: the first sign-in
 * is reported at once, and later ones together at the end of the ten minutes.
 */
export async function enqueueDeviceNotice(
  tx: TxContext,
  user: User,
  client: Client,
  seen: { readonly ip: string | null; readonly device: string | null },
): Promise<void> {
  // The lock serializes concurrent sign-ins.
  if (!tx.sendsMail || (await store.lockUser(tx.db, user.id)) === null) return
  const topic = { kind: 'new_device', userId: user.id, email: user.email } as const
  const signIn = { ...seen, at: tx.now().getTime() }
  const waiting = tx.options.throttle ? await store.findMail(tx.db, topic) : null
  if (waiting !== null) {
    const signIns = [...signInsIn(waiting), signIn].slice(-SIGN_INS_NAMED_MAX)
    if (await store.extendMail(tx.db, topic, { signIns })) return
  }
  const notBefore = await endOfNoticePause(tx, 'new_device', user.id)
  const mail = { ...topic, details: { signIns: [signIn] }, locale: localeFor(client, user) }
  await add(tx, mail, client, notBefore)
}

/**
 * Enqueues the notice that a sign-in ended after the right password, without a second factor. Call it when the sign-in
 * begins to wait for the second factor, and delete the mail if it succeeds. An account gets at most one an hour, so the
 * notice may also wait for the end of that hour.
 *
 * @param due - When the sign-in can no longer succeed. The notice is not sent before.
 * @returns The id of the mail, or `null`: a notice to the account is queued already, or there is no mailer.
 */
export async function enqueueSecondFactorNotice(
  tx: TxContext,
  user: User,
  client: Client,
  { due }: { readonly due: Date },
): Promise<string | null> {
  // The lock serializes concurrent sign-ins.
  if (!tx.sendsMail || (await store.lockUser(tx.db, user.id)) === null) return null
  const topic = { kind: 'second_factor_failed', userId: user.id, email: user.email } as const
  if ((await store.findMail(tx.db, topic)) !== null) return null
  const pauseEnd = await endOfNoticePause(tx, topic.kind, user.id)
  const details = { ip: client.ip ?? null, device: textOf(client.userAgent) }
  const mail = { ...topic, details, locale: localeFor(client, user) }
  return add(tx, mail, client, pauseEnd > due ? pauseEnd : due)
}

/** Enqueues a mail to the address of an account that this transaction deletes. */
export async function enqueueFarewell(
  ctx: Context,
  user: User,
  kind: MailKind,
  client: Client,
): Promise<void> {
  const mail = { kind, userId: null, email: user.email, locale: localeFor(client, user), details: {} }
  await add(ctx, mail, client)
}

/**
 * Writes the same rows as {@link enqueueMail} for an address without an account, so that timing does not reveal it. The
 * address is stored only if application code writes the mail, because that code must not see that there is no account.
 *
 * @param purpose - The purpose of the code that the browser of the request waits for.
 */
export async function enqueueDecoy(
  tx: TxContext,
  kind: MailKind,
  client: Client,
  address: string,
  purpose?: MailCodePurpose,
): Promise<void> {
  const named = tx.mail.runsCode && isEmailAddress(address) ? { address: storedEmail(address) } : {}
  const order = purpose && { purpose, email: address, userId: null }
  const details = await withReserved(tx, named, order, client)
  await add(tx, { kind, userId: null, email: null, locale: localeFor(client), details }, client)
}

/** Reserves the code that the browser waits for, and adds the id of its row to the details. */
async function withReserved(
  tx: TxContext,
  details: store.OutboxMail['details'],
  order: MailCodeOrder | undefined,
  client: Client,
): Promise<store.OutboxMail['details']> {
  const codeId = order && (await reserveCode(tx, order, client))
  return codeId ? { ...details, codeId } : details
}

/** @returns The id of the mail, or `null` if there is no mailer. */
async function add(
  ctx: Context,
  mail: Pick<store.NewMail, 'userId' | 'email' | 'locale' | 'details'> & { kind: MailKind },
  client: Client,
  notBefore = ctx.now(),
): Promise<string | null> {
  if (!ctx.sendsMail) return null
  const now = ctx.now()
  // A new link replaces a queued one, so that links do not pile up during an outage. Notices are all kept.
  const replaces = isLinked(mail.kind)
  // Anyone can cause these mails, so the worker must know which IPv6 /48 network asked.
  const network = isLinked(mail.kind) && client.ip !== undefined ? networksOf(client.ip)?.[2] : undefined
  const details = network === undefined ? mail.details : { ...mail.details, network }
  const priority = isVital(mail.kind) ? 0 : 1
  const row = { id: uuidV7(now), createdAt: now, ...mail, priority, details } as const
  await store.addMail(ctx.db, row, { replaces, notBefore })
  ctx.afterCommit(ctx.onMail)
  return row.id
}

/** Deletes queued mail with links to an account whose state has changed since it was requested. */
export function cancelLinks({ db }: TxContext, userId: number): Promise<void> {
  return store.deleteMailOf(db, userId, LINKED_KINDS)
}

/** The language of a mail: the account's locale, or else the best match of the request's `Accept-Language`. */
export function localeFor(client: Client, user?: Pick<User, 'locale'>): Locale {
  return languageOf(user?.locale, LOCALES) ?? negotiate(client.acceptLanguage, LOCALES)
}
