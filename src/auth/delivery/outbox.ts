/**
 * Mail: put into the outbox with the change it belongs to, and sent from there. Tokens are made when the
 * mail leaves, so that none waits in the database, and a mail server that was down costs none its lifetime.
 */
import * as store from '../../db/index.ts'
import { negotiate } from '../../lib/language.ts'
import { uuidV7 } from '../../lib/random.ts'
import { MailError, type Mailer, MailRefused } from '../../mail/index.ts'
import { compose, type Message, type SignIn } from '../../mail/compose.ts'
import { LOCALES, type Locale } from '../../text/index.ts'
import { mailboxOf, normalizeEmail, type User } from '../../user.ts'
import { record } from '../audit/record.ts'
import { type Client, SYSTEM } from '../caller.ts'
import { type Context, inTransaction, secondsAfter, type TxContext } from '../context.ts'
import { endOfPause, nextHour, startPause, takeHourlyPlace } from '../sign-in/throttle.ts'
import { issueToken } from '../tokens.ts'

type MailKind = Message['kind']

/** What an order says beyond its kind. */
interface OrderDetails {
  /** An address that is not the account's, or soon no longer. */
  readonly email?: string
  readonly details?: store.OutboxMail['details']
}

/**
 * Orders a mail to a user. One with a link goes to the address that the account has when it leaves; a notice to
 * the one that it has now, whatever becomes of the account meanwhile.
 */
export async function orderMail(
  tx: TxContext,
  user: Pick<User, 'id' | 'locale' | 'email'>,
  kind: MailKind,
  client: Client,
  { email, details = {} }: OrderDetails = {},
): Promise<void> {
  // Its row first, as everywhere; and it may have gone away since it was read.
  if ((await store.lockUser(tx.db, user.id)) === null) return orderNothing(tx, kind, client)
  const to = email ?? (isLinked(kind) ? null : user.email)
  await add(tx, { kind, userId: user.id, email: to, locale: localeFor(client, user), details })
}

/**
 * Orders the notice of a sign-in from a new device. An account gets at most one every ten minutes: the first sign-in
 * is told at once, those that follow are told together when the ten minutes are over.
 */
export async function orderDeviceNotice(
  tx: TxContext,
  user: User,
  client: Client,
  seen: { readonly ip: string | null; readonly device: string | null },
): Promise<void> {
  // With its row locked, two sign-ins at once are one after the other.
  if (!tx.sendsMail || (await store.lockUser(tx.db, user.id)) === null) return
  const topic = { kind: 'new_device', userId: user.id, email: user.email } as const
  const signIn = { ...seen, at: tx.now().getTime() }
  const waiting = tx.options.throttle ? await store.findMail(tx.db, topic) : null
  if (waiting !== null) {
    const signIns = [...signInsIn(waiting), signIn].slice(-SIGN_INS_NAMED_MAX)
    if (await store.extendMail(tx.db, topic, { signIns })) return
  }
  const notBefore = await endOfPause(tx, pauseOf(user.id), DEVICE_NOTICE_EVERY_MS)
  await add(tx, { ...topic, details: { signIns: [signIn] }, locale: localeFor(client, user) }, notBefore)
}

function pauseOf(userId: number): string {
  return `new_device notices to ${userId}`
}

/** Orders a mail to an address whose account is gone with this change. */
export async function orderFarewell(ctx: Context, user: User, kind: MailKind, client: Client): Promise<void> {
  await add(ctx, { kind, userId: null, email: user.email, locale: localeFor(client, user), details: {} })
}

/** Writes what {@link orderMail} would, for an address that has no account: so that both take the same time. */
export async function orderNothing(ctx: Context, kind: MailKind, client: Client): Promise<void> {
  await add(ctx, { kind, userId: null, email: null, locale: localeFor(client), details: {} })
}

async function add(
  ctx: Context,
  order: Pick<store.NewMail, 'userId' | 'email' | 'locale' | 'details'> & { kind: MailKind },
  notBefore = ctx.now(),
): Promise<void> {
  if (!ctx.sendsMail) return
  const now = ctx.now()
  // A mail server that is down for a day makes no pile of links; of notices none is lost.
  const replaces = isLinked(order.kind)
  const mail = { id: uuidV7(now), createdAt: now, priority: isVital(order.kind) ? 0 : 1, ...order } as const
  await store.addMail(ctx.db, mail, { replaces, notBefore })
  ctx.afterCommit(ctx.onMail)
}

/** Takes back what would bring a link: it was asked for under what the account was before. */
export function cancelLinks({ db }: TxContext, userId: number): Promise<void> {
  return store.deleteMailOf(db, userId, LINKED_KINDS)
}

/** The language to write in: the account's, else the one that the request asks for. */
export function localeFor(client: Client, user?: Pick<User, 'locale'>): Locale {
  const known = LOCALES.find((locale) => locale === user?.locale)
  return known ?? negotiate(client.acceptLanguage, LOCALES)
}

const MINUTE_MS = 60_000
const DEVICE_NOTICE_EVERY_MS = 10 * MINUTE_MS
/** A notice lists this many sign-ins with time and place, the latest ones. */
const SIGN_INS_NAMED_MAX = 5
/** Longer than a mailer may take for one message. */
const LEASE_MS = 5 * MINUTE_MS
const FIRST_RETRY_MS = MINUTE_MS / 2
const LONGEST_RETRY_MS = 30 * MINUTE_MS
/** After so long nobody waits for the mail any more. */
export const MAIL_LIFETIME_SECONDS = 3 * 86_400
/** So many at once: a slow server is asked by several connections, and by no more. */
const BATCH = 5

/** Told of a mail that could not be sent, or with `null` of an outbox that cannot be read. */
export type OnMailFault = (error: unknown, mail: { id: string; attempts: number } | null) => void

/** The number of events that a mail covered, by the id of the mail. */
export type SentMail = Map<string, number>

/**
 * Sends what is due, once. Of several instances each mail is sent by one; what fails is tried again, ever
 * more seldom, for {@link MAIL_LIFETIME_SECONDS}.
 *
 * @param sent - Mail that was sent but could not be deleted yet. It is never sent again. Maps its id to the number of
 *   events that it covered.
 * @returns How many were taken.
 */
export async function sendDueMail(
  ctx: Context,
  mailer: Mailer,
  { sent, onFault }: { sent: SentMail; onFault: OnMailFault },
): Promise<number> {
  const lease = {
    leaseMs: LEASE_MS,
    longestWaitMs: 2 * LONGEST_RETRY_MS + nextHour(ctx).getTime() - ctx.now().getTime(),
  }
  const due = await store.takeDueMail(ctx.db, ctx.now(), lease, BATCH)
  const outcomes = await Promise.allSettled(due.map((mail) => deliver(ctx, mailer, mail, { sent, onFault })))
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return due.length
}

async function deliver(
  ctx: Context,
  mailer: Mailer,
  mail: store.OutboxMail,
  { sent, onFault }: { sent: SentMail; onFault: OnMailFault },
): Promise<void> {
  const user = mail.userId === null ? null : await store.findUserById(ctx.db, mail.userId)
  const to = mail.email ?? user?.email
  // Else it was for nobody, or has left already.
  if (to !== undefined && !sent.has(mail.id)) {
    if (mail.createdAt < secondsAfter(ctx.now(), -MAIL_LIFETIME_SECONDS)) return giveUp(ctx, mail, 'expired')
    const places = await takePlaces(ctx, mail.kind as MailKind, to)
    if (places === null) return store.postponeMail(ctx.db, mail, nextHour(ctx))
    try {
      const message = await messageOf(ctx, mail, user)
      if (message === null) await places.release()
      else await mailer.send({ id: mail.id, to: mailboxOf(to), ...compose(message, settingOf(ctx, mail)) })
    } catch (error) {
      await places.release()
      onFault(error, mail)
      if (error instanceof MailRefused) return giveUp(ctx, mail, 'refused')
      return store.postponeMail(ctx.db, mail, retryAt(ctx, mail), problemIn(error))
    }
    sent.set(mail.id, mail.events)
  }
  await forget(ctx, { ...mail, events: sent.get(mail.id) ?? mail.events })
  sent.delete(mail.id)
}

async function forget(ctx: Context, mail: store.OutboxMail): Promise<void> {
  if (mail.kind !== 'new_device' || mail.userId === null) return store.deleteMail(ctx.db, mail.id)
  const { userId } = mail
  await inTransaction(ctx, async (tx) => {
    const createdAt = tx.now()
    const notBefore = await startPause(tx, pauseOf(userId), DEVICE_NOTICE_EVERY_MS)
    await store.finishMail(tx.db, mail, { id: uuidV7(createdAt), createdAt, notBefore })
  })
}

function problemIn(error: unknown): string {
  // The message of any other error may hold an address or a secret.
  return error instanceof MailError ? error.message : 'The mail could not be sent. The log says more.'
}

function giveUp(ctx: Context, mail: store.OutboxMail, reason: string): Promise<void> {
  return inTransaction(ctx, async (tx) => {
    await store.deleteMail(tx.db, mail.id)
    await recordGivenUp(tx, mail, reason)
  })
}

async function recordGivenUp(tx: TxContext, mail: store.OutboxMail, reason: string): Promise<void> {
  const details = { kind: mail.kind, attempts: mail.attempts }
  const event = { action: 'give_up_mail', outcome: 'refused', reason, details } as const
  await record(tx, { ...event, userId: mail.userId }, SYSTEM)
}

/**
 * Removes mail that nobody gave up in time, as where no instance sends mail: addresses in it outlive their accounts.
 *
 * @returns How many there were; none when it is done.
 */
export async function deleteStaleMail(tx: TxContext, limit: number): Promise<number> {
  // The last lease has expired by now.
  const lastTaken = secondsAfter(tx.now(), -MAIL_LIFETIME_SECONDS)
  const stale = await store.deleteMailBefore(tx.db, new Date(lastTaken.getTime() - LEASE_MS), limit)
  for (const mail of stale) {
    const isForSomebody = mail.email !== null || mail.userId !== null
    if (isForSomebody) await recordGivenUp(tx, mail, 'expired')
  }
  return stale.length
}

function retryAt(ctx: Context, { attempts }: store.OutboxMail): Date {
  const wait = Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 16), LONGEST_RETRY_MS)
  return new Date(ctx.now().getTime() + wait)
}

/**
 * What is limited by itself. What strangers ask for must not use up what tells of them, nor the way back in; and what
 * tells of many sign-ins, or of one change again and again, not what tells that the account is lost.
 */
function budgetOf(kind: MailKind): string {
  if (kind === 'verify_email' || kind === 'account_exists' || kind === 'confirm_new_email')
    return 'registration'
  if (kind === 'reset_password') return 'recovery'
  return isVital(kind) ? kind : 'notice'
}

/** Of each budget one mailbox, and all of them together, get so many an hour. */
async function takePlaces(ctx: Context, kind: MailKind, to: string) {
  const { mailsPerMailbox, mailsPerHour } = ctx.options
  const budget = budgetOf(kind)
  const ofMailbox = await takeHourlyPlace(ctx, `${budget} to ${normalizeEmail(to)}`, mailsPerMailbox)
  if (ofMailbox === null) return null
  const ofAll = await takeHourlyPlace(ctx, budget, mailsPerHour)
  if (ofAll === null) {
    await ofMailbox.release()
    return null
  }
  return {
    async release() {
      await ofMailbox.release()
      await ofAll.release()
    },
  }
}

function settingOf(ctx: Context, mail: store.OutboxMail) {
  const locale = LOCALES.find((known) => known === mail.locale) ?? LOCALES[0]
  return { service: URL.parse(ctx.options.baseUrl)?.host ?? 'Bienvenue', locale }
}

/** What a mail says, or `null` where it is void by now: the address is confirmed, the account shut or gone. */
async function messageOf(ctx: Context, mail: store.OutboxMail, user: User | null): Promise<Message | null> {
  const { details } = mail
  const kind = mail.kind as Message['kind']
  switch (kind) {
    case 'verify_email':
      if (user === null || user.emailVerifiedAt !== null) return null
      return withLink(ctx, user, { kind, purpose: 'confirm_email', email: user.email })
    case 'confirm_new_email':
      if (user === null || mail.email === null) return null
      return withLink(ctx, user, { kind, purpose: 'change_email', email: mail.email })
    case 'reset_password':
    case 'account_exists':
      return user && withLink(ctx, user, { kind, purpose: 'reset_password', email: user.email })
    case 'email_change_requested':
    case 'email_changed':
      return { kind, newEmail: textIn(details.newEmail) ?? '' }
    case 'new_device':
      // Of those that were told already, none is told again.
      return { kind, count: mail.events, signIns: signInsIn(mail).slice(-mail.events).map(signInOf) }
    case 'signed_in_after_failures':
      return { kind, ...signInOf(details), at: mail.createdAt, failures: Number(details.failures) }
    default:
      return { kind }
  }
}

/** The sign-ins that a notice names. One of an older version names its own in the details themselves. */
function signInsIn({ details, createdAt }: store.OutboxMail) {
  return Array.isArray(details.signIns) ? details.signIns : [{ ...details, at: createdAt.getTime() }]
}

function signInOf(details: store.MailDetails): SignIn {
  return { at: new Date(Number(details.at)), ip: textIn(details.ip), device: textIn(details.device) }
}

function textIn(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

const PAGES = {
  reset_password: '/reset_password',
  confirm_email: '/confirm_email',
  change_email: '/confirm_email',
}

/** The message with a link that carries a new token. The fragment never leaves the browser: no log has it. */
async function withLink(
  ctx: Context,
  user: User,
  order: { kind: LinkedKind; purpose: store.TokenPurpose; email: string },
): Promise<Message | null> {
  const { kind, purpose, email } = order
  const { resetTokenLifetimeSeconds, emailTokenLifetimeSeconds } = ctx.options
  const lifetimeSeconds = purpose === 'reset_password' ? resetTokenLifetimeSeconds : emailTokenLifetimeSeconds
  const token = await inTransaction(ctx, (tx) => issueToken(tx, user, { purpose, email, lifetimeSeconds }))
  if (token === null) return null
  const fragment = new URLSearchParams(purpose === 'reset_password' ? { email, token } : { token })
  return { kind, link: `${linkTo(ctx, PAGES[purpose])}#${fragment}`, lifetimeSeconds }
}

const LINKED_KINDS = ['verify_email', 'confirm_new_email', 'reset_password', 'account_exists'] as const
type LinkedKind = (typeof LINKED_KINDS)[number]

function isLinked(kind: MailKind): boolean {
  return (LINKED_KINDS as readonly MailKind[]).includes(kind)
}

/** What tells an owner that the account may be lost. It leaves before all other mail. */
const VITAL_KINDS = [
  'email_change_requested',
  'email_changed',
  'password_changed',
  'account_deleted',
] as const

function isVital(kind: MailKind): boolean {
  return (VITAL_KINDS as readonly MailKind[]).includes(kind)
}

/** Where a page of the service is: always under the configured address, whatever a request says. */
function linkTo(ctx: Context, path: string): string {
  return `${ctx.options.baseUrl.replace(/\/+$/, '')}${path}`
}
