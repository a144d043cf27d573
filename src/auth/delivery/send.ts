/** Sending what waits in the outbox: leases, retries, quotas, giving up. */
import * as store from '../../db/index.ts'
import { uuidV7 } from '../../lib/random.ts'
import { compose } from '../../mail/compose.ts'
import { MailError, type Mailer, MailRefused } from '../../mail/index.ts'
import { mailboxOf, normalizeEmail } from '../../model/user.ts'
import { LOCALES } from '../../text/index.ts'
import { record } from '../audit/record.ts'
import { SYSTEM } from '../caller.ts'
import { type Context, inTransaction, secondsAfter, type TxContext } from '../context.ts'
import { nextHour, type Place, startPause, takeHourlyPlace } from '../sign-in/throttle.ts'
import { DEVICE_NOTICE_EVERY_MS, deviceNoticePause, textIn } from './device-notice.ts'
import { type MailKind, quotaOf } from './kinds.ts'
import { messageOf } from './message.ts'

const MINUTE_MS = 60_000
/** A mail is leased for longer than a mailer may take to send it. */
const LEASE_MS = 5 * MINUTE_MS
const FIRST_RETRY_MS = MINUTE_MS / 2
const LONGEST_RETRY_MS = 30 * MINUTE_MS
/** A mail that could not be sent in this time is given up. */
export const MAIL_LIFETIME_SECONDS = 3 * 86_400
/** Mails sent at the same time. */
const BATCH = 5

/** Called when a mail could not be sent, or with `null` when the outbox could not be read. */
export type OnMailFault = (error: unknown, mail: { id: string; attempts: number } | null) => void

/** The number of events that a mail covered, by the id of the mail. */
export type SentMail = Map<string, number>

/**
 * Sends a batch of the mail that is due. Each mail is sent by one instance. A mail that fails is retried with growing
 * waits, for {@link MAIL_LIFETIME_SECONDS}.
 *
 * @param sent - Mail that was sent but could not be deleted yet. It is never sent again. Maps its id to the number of
 *   events that it covered.
 * @returns How many mails were taken from the outbox.
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
  // Without a recipient the mail is a decoy, or its account was deleted.
  if (to !== undefined && !sent.has(mail.id)) {
    if (mail.createdAt < secondsAfter(ctx.now(), -MAIL_LIFETIME_SECONDS)) return giveUp(ctx, mail, 'expired')
    const places = await takePlaces(ctx, mail, to)
    if (places === null) return store.postponeMail(ctx.db, mail, nextHour(ctx))
    try {
      const message = await messageOf(ctx, mail, user)
      if (message === null) await places.release()
      else await mailer.send({ id: mail.id, to: mailboxOf(to), ...compose(message, renderingOf(ctx, mail)) })
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
    const notBefore = await startPause(tx, deviceNoticePause(userId), DEVICE_NOTICE_EVERY_MS)
    await store.finishMail(tx.db, mail, { id: uuidV7(createdAt), createdAt, notBefore })
  })
}

function problemIn(error: unknown): string {
  // The message of any other error may contain an address or a secret.
  return error instanceof MailError ? error.message : 'The mail could not be sent. The log has the reason.'
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
 * Deletes expired mail that no instance has given up, for example because none sends mail. Such mail holds addresses whose
 * accounts may be gone.
 *
 * @returns How many were deleted; 0 when done.
 */
export async function deleteStaleMail(tx: TxContext, limit: number): Promise<number> {
  // Any lease on mail this old has expired.
  const lastTaken = secondsAfter(tx.now(), -MAIL_LIFETIME_SECONDS)
  const stale = await store.deleteMailBefore(tx.db, new Date(lastTaken.getTime() - LEASE_MS), limit)
  for (const mail of stale) {
    const hasRecipient = mail.email !== null || mail.userId !== null
    if (hasRecipient) await recordGivenUp(tx, mail, 'expired')
  }
  return stale.length
}

function retryAt(ctx: Context, { attempts }: store.OutboxMail): Date {
  const wait = Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 16), LONGEST_RETRY_MS)
  return new Date(ctx.now().getTime() + wait)
}

/**
 * Takes a place from the hourly quota of the mailbox, of the IPv6 /48 network that asked for the mail, and of all mail.
 * `null`: one of them is used up, and no place was taken.
 */
async function takePlaces(ctx: Context, { kind, details }: store.OutboxMail, to: string) {
  const { mailsPerMailbox, mailsPerHour } = ctx.options
  const quota = quotaOf(kind as MailKind)
  const network = textIn(details.network)
  const limits: [what: string, places: number][] = [[`${quota} to ${normalizeEmail(to)}`, mailsPerMailbox]]
  if (network !== null) limits.push([`${quota} for ${network}`, shareOfNetwork(mailsPerHour)])
  limits.push([quota, mailsPerHour])
  const taken: Place[] = []
  const release = async () => {
    for (const place of taken) await place.release()
  }
  for (const [what, places] of limits) {
    const place = await takeHourlyPlace(ctx, what, places)
    if (place === null) {
      await release()
      return null
    }
    taken.push(place)
  }
  return { release }
}

/** A tenth, so that one site cannot delay the mail of all others. */
function shareOfNetwork(mailsPerHour: number): number {
  return Math.max(1, Math.floor(mailsPerHour / 10))
}

function renderingOf(ctx: Context, mail: store.OutboxMail) {
  const locale = LOCALES.find((known) => known === mail.locale) ?? LOCALES[0]
  return { service: URL.parse(ctx.options.baseUrl)?.host ?? 'Bienvenue', locale }
}
