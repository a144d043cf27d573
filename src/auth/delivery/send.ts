/** Sends the mail in the outbox: leases, retries, quotas and giving up. */
import * as store from '../../db/index.ts'
import { uuidV7 } from '../../lib/random.ts'
import { compose } from '../../mail/compose.ts'
import { MailError, type Mailer, MailRefused } from '../../mail/index.ts'
import { mailboxOf, normalizeEmail } from '../../model/user.ts'
import { LOCALES } from '../../text/index.ts'
import { record } from '../audit/record.ts'
import { SYSTEM } from '../caller.ts'
import { type Context, inTransaction, secondsAfter, type TxContext } from '../context.ts'
import { nextHour, startPause, takeHourlyPlace } from '../sign-in/throttle.ts'
import { DEVICE_NOTICE_EVERY_MS, deviceNoticePause } from './device-notice.ts'
import { quotaOf } from './kinds.ts'
import { messageOf } from './message.ts'

const MINUTE_MS = 60_000
/** Longer than a mailer may take to send a mail. */
export const LEASE_MS = 5 * MINUTE_MS
export const FIRST_RETRY_MS = MINUTE_MS / 2
export const LONGEST_RETRY_MS = 30 * MINUTE_MS
/** A mail that cannot be sent within this time is given up. */
export const MAIL_LIFETIME_SECONDS = 3 * 86_400
/** Mails sent at the same time. */
export const BATCH = 5

/** Called when a mail could not be sent, or with `null` when the outbox could not be read. */
export type OnMailFault = (error: unknown, mail: { id: string; attempts: number } | null) => void

/** The number of events that a mail covered, by the id of the mail. */
export type SentMail = Map<string, number>

/**
 * Sends a batch of due mail. A lease ensures that one instance sends each mail. A failed mail is retried with growing
 * waits for {@link MAIL_LIFETIME_SECONDS}.
 *
 * @param sent - Mail that was sent but not deleted yet, which must not be sent again. Maps its id to the number of
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
    const places = await takePlaces(ctx, mail.kind, to)
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

function giveUp(ctx: Context, mail: store.OutboxMail, reason: 'refused' | 'expired'): Promise<void> {
  return inTransaction(ctx, async (tx) => {
    await store.deleteMail(tx.db, mail.id)
    await recordGivenUp(tx, mail, reason)
  })
}

async function recordGivenUp(
  tx: TxContext,
  mail: store.OutboxMail,
  reason: 'refused' | 'expired',
): Promise<void> {
  const details = { kind: mail.kind, attempts: mail.attempts }
  const event = { action: 'give_up_mail', outcome: 'refused', reason, details } as const
  await record(tx, { ...event, userId: mail.userId }, SYSTEM)
}

/**
 * Deletes expired mail that no instance has given up, for example because none sends mail. It may contain addresses of
 * deleted accounts.
 *
 * @returns How many mails were deleted, 0 when none is left.
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

/** Takes a place in the hourly quota of the mailbox and in that of all mailboxes. `null` if one of them is used up. */
async function takePlaces(ctx: Context, kind: string, to: string) {
  const { mailsPerMailbox, mailsPerHour } = ctx.options
  const quota = quotaOf(kind)
  const ofMailbox = await takeHourlyPlace(ctx, `${quota} to ${normalizeEmail(to)}`, mailsPerMailbox)
  if (ofMailbox === null) return null
  const ofAll = await takeHourlyPlace(ctx, quota, mailsPerHour)
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

function renderingOf(ctx: Context, mail: store.OutboxMail) {
  const locale = LOCALES.find((known) => known === mail.locale) ?? LOCALES[0]
  return { service: URL.parse(ctx.options.baseUrl)?.host ?? 'Bienvenue', locale }
}
