/** Sends the mail in the outbox: slots, leases, retries, quotas and giving up. */
import * as store from '../../db/index.ts'
import { uuidV7 } from '../../lib/random.ts'
import type { Message } from '../../mail/compose.ts'
import { MAILS_AT_ONCE, type Mail, MailError, type Mailer, MailRefused } from '../../mail/index.ts'
import { isEmailAddress, mailboxOf, normalizeEmail, type User } from '../../model/user.ts'
import { serviceNameOf } from '../../options/index.ts'
import { LOCALES } from '../../text/index.ts'
import { record } from '../audit/record.ts'
import { SYSTEM } from '../caller.ts'
import { type Context, inTransaction, secondsAfter, type TxContext } from '../context.ts'
import { nextHour, type Place, takeHourlyPlace } from '../quotas.ts'
import { textIn } from './device-notice.ts'
import { isLinked, isPaced, quotaOf } from './kinds.ts'
import { decoyMessage, messageOf, type Outgoing, type Unsent } from './message.ts'
import { startNoticePause } from './pauses.ts'

const MINUTE_MS = 60_000
/** Longer than a mailer may take to send a mail. */
export const LEASE_MS = 5 * MINUTE_MS
export const FIRST_RETRY_MS = MINUTE_MS / 2
export const LONGEST_RETRY_MS = 30 * MINUTE_MS
/** A mail that cannot be sent within this time is given up. */
export const MAIL_LIFETIME_SECONDS = 3 * 86_400
/** A mail that takes longer than this makes its domain slow, until a mail to the domain is faster. */
export const SLOW_MS = 5_000
/** How many slow domains are remembered. */
const SLOW_DOMAINS_MAX = 20
/** Where decoys go. RFC 2606 reserves the name, so it has no mailbox. */
const DECOY_ADDRESS = 'nobody@example.invalid'

/** Called when a mail could not be sent, or with `null` when the outbox could not be read or changed. */
export type OnMailFault = (error: unknown, mail: { id: string; attempts: number } | null) => void

/** Sends mail from the outbox for one process. */
export interface Sending {
  /**
   * Takes mail that is due, as far as there are free slots, and starts sending it. Each mail is sent by one instance. A
   * mail that fails is retried with growing waits, for {@link MAIL_LIFETIME_SECONDS}.
   *
   * @returns How many mails were taken from the outbox. 0: nothing is due, or there is no free slot for it.
   */
  sendDue(): Promise<number>
  /** Resolves when the next mail is sent or has failed. */
  ended(): Promise<void>
  /** Resolves when no mail is being sent. */
  idle(): Promise<void>
}

/** Where a mail goes. */
interface Addressed {
  readonly mail: store.OutboxMail
  readonly user: User | null
  /** `null` for a decoy, and for a mail whose account was deleted. */
  readonly to: string | null
}

interface Process {
  readonly mailer: Mailer
  readonly onFault: OnMailFault
  /**
   * Mail that was sent but could not be deleted yet. It is never sent again. Maps its id to the number of events that it
   * covered.
   */
  readonly sent: Map<string, number>
}

/**
 * Sends mail in {@link MAILS_AT_ONCE} slots. The last free slot is reserved: it takes only mail to a domain that no
 * other slot is sending to and that is not known to be slow. So a slow mail server delays no mail but its own. Decoys
 * take no slot.
 */
export function openSending(ctx: Context, mailer: Mailer, onFault: OnMailFault): Sending {
  const process: Process = { mailer, onFault, sent: new Map() }
  /** The running deliveries with their domains. `null` for a decoy. */
  const running = new Map<Promise<void>, string | null>()
  /** The ids of mail being sent. A mail that outlasts its lease is due again, and must not take a second slot. */
  const inHand = new Set<string>()
  const slow = new Set<string>()
  let ended = Promise.withResolvers<void>()

  function start(addressed: Addressed): void {
    const domain = addressed.to === null ? null : domainOf(addressed.to)
    const since = ctx.now().getTime()
    const delivery = deliver(ctx, process, addressed)
      .catch((error) => onFault(error, null))
      .finally(() => {
        running.delete(delivery)
        inHand.delete(addressed.mail.id)
        if (domain !== null) noteSpeed(domain, ctx.now().getTime() - since)
        ended.resolve()
        ended = Promise.withResolvers()
      })
    running.set(delivery, domain)
    inHand.add(addressed.mail.id)
  }

  function noteSpeed(domain: string, tookMs: number): void {
    slow.delete(domain)
    if (tookMs > SLOW_MS) slow.add(domain)
    const [oldest] = slow
    if (oldest !== undefined && slow.size > SLOW_DOMAINS_MAX) slow.delete(oldest)
  }

  return {
    async sendDue() {
      const domains = [...running.values()]
      const busy = domains.filter((domain) => domain !== null)
      const free = MAILS_AT_ONCE - busy.length
      // Decoys wait for decoys, so that a flood of them is not handled all at once.
      if (free === 0 || domains.length - busy.length >= MAILS_AT_ONCE) return 0
      const selection =
        free === 1 ? { limit: 1, notTo: [...new Set([...busy, ...slow])] } : { limit: free - 1, notTo: [] }
      const due = await store.takeDueMail(ctx.db, ctx.now(), LEASE, selection)
      const fresh = due.filter(({ id }) => !inHand.has(id))
      for (const addressed of await Promise.all(fresh.map((mail) => address(ctx, mail)))) start(addressed)
      return due.length
    },
    ended: () => ended.promise,
    async idle() {
      while (running.size > 0) await Promise.all(running.keys())
    },
  }
}

/** A quota or a pause delays a mail by at most an hour. Twice that, because the clocks of instances differ. */
const LEASE: store.Lease = { leaseMs: LEASE_MS, longestWaitMs: 120 * MINUTE_MS }

async function address(ctx: Context, mail: store.OutboxMail): Promise<Addressed> {
  const user = await store.findUserById(ctx.db, mail.userId ?? store.NO_USER_ID)
  return { mail, user, to: mail.email ?? user?.email ?? null }
}

/** The last two labels of the domain: a slow server can have any number of names under a domain of its own. */
function domainOf(email: string): string {
  return normalizeEmail(email).replace(/^.*@/, '').split('.').slice(-2).join('.')
}

async function deliver(ctx: Context, process: Process, { mail, user, to }: Addressed): Promise<void> {
  const { mailer, onFault, sent } = process
  if (to === null) {
    await sendDecoy(ctx, process, mail)
  } else if (!sent.has(mail.id)) {
    if (mail.createdAt < secondsAfter(ctx.now(), -MAIL_LIFETIME_SECONDS)) return giveUp(ctx, mail, 'expired')
    const places = await takePlaces(ctx, mail, { quota: quotaOf(mail.kind), mailbox: normalizeEmail(to) })
    if (places === null) return store.postponeMail(ctx.db, mail, nextHour(ctx))
    let outgoing: Outgoing | Unsent = 'void'
    try {
      outgoing = await messageOf(ctx, mail, user)
      if (typeof outgoing === 'string') await places.release()
      else await mailer.send(await composed(ctx, mail, to, await outgoing.message()))
    } catch (error) {
      await places.release()
      if (user !== null && typeof outgoing !== 'string') await voidSecrets(ctx, user, outgoing)
      onFault(error, mail)
      if (error instanceof MailRefused) return giveUp(ctx, mail, 'refused')
      return store.postponeMail(ctx.db, mail, retryAt(ctx, mail), problemIn(error))
    }
    if (outgoing === 'too_many_links') return giveUp(ctx, mail, outgoing)
    sent.set(mail.id, mail.events)
  }
  await forget(ctx, { ...mail, events: sent.get(mail.id) ?? mail.events })
  sent.delete(mail.id)
}

/**
 * Does the work that sending a mail takes, up to the connection to the mail server, and sends nothing. Otherwise the
 * process would be busier after a request for an address with an account, which other requests can measure.
 */
async function sendDecoy(ctx: Context, { mailer, onFault }: Process, mail: store.OutboxMail): Promise<void> {
  const { kind } = mail
  // Only mail with a link has decoys.
  if (!isLinked(kind)) return
  await takePlaces(ctx, mail, { quota: 'decoys', mailbox: 'a mailbox' })
  // The application must not see that this is a decoy, so its code gets the requested address.
  const requested = textIn(mail.details.address) ?? ''
  const email = isEmailAddress(requested) ? requested : DECOY_ADDRESS
  const message = await decoyMessage(ctx, mail, { kind, email })
  try {
    // The mailer does not get that address: nothing may be sent there.
    await mailer.discard?.({ ...(await composed(ctx, mail, email, await message())), to: DECOY_ADDRESS })
  } catch (error) {
    // A decoy needs no second attempt.
    onFault(error, mail)
  }
}

async function composed(
  ctx: Context,
  { id, locale }: store.OutboxMail,
  to: string,
  message: Message,
): Promise<Mail> {
  const known = LOCALES.find((each) => each === locale) ?? LOCALES[0]
  const { supportContact } = ctx.options
  const context = { service: serviceNameOf(ctx.options), locale: known, supportContact, to }
  return { id, to: mailboxOf(to), ...(await ctx.mail.compose(message, context)) }
}

/** Voids a token and code that were not delivered: a retry makes new ones, and these must not count as outstanding. */
async function voidSecrets(ctx: Context, user: User, { tokenId, codeId }: Outgoing): Promise<void> {
  if (tokenId === null) return
  await inTransaction(ctx, async (tx) => {
    await store.deleteToken(tx.db, { id: tokenId, userId: user.id })
    if (codeId !== null) await store.voidMailCode(tx.db, codeId)
  })
}

async function forget(ctx: Context, mail: store.OutboxMail): Promise<void> {
  const { kind, userId } = mail
  if (!isPaced(kind) || userId === null) return store.deleteMail(ctx.db, mail.id)
  await inTransaction(ctx, async (tx) => {
    const createdAt = tx.now()
    const notBefore = await startNoticePause(tx, kind, userId)
    await store.finishMail(tx.db, mail, { id: uuidV7(createdAt), createdAt, notBefore })
  })
}

function problemIn(error: unknown): string {
  // The message of any other error may contain an address or a secret.
  return error instanceof MailError ? error.message : 'The mail could not be sent. The log has the reason.'
}

type GivenUp = 'refused' | 'expired' | 'too_many_links'

function giveUp(ctx: Context, mail: store.OutboxMail, reason: GivenUp): Promise<void> {
  return inTransaction(ctx, async (tx) => {
    await store.deleteMail(tx.db, mail.id)
    await recordGivenUp(tx, mail, reason)
  })
}

async function recordGivenUp(tx: TxContext, mail: store.OutboxMail, reason: GivenUp): Promise<void> {
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

/**
 * Takes a place from the hourly quota of the mailbox, of the IPv6 /48 network that asked for the mail, and of all mail.
 * `null` if one of them is used up; then no place is taken.
 */
async function takePlaces(
  ctx: Context,
  { details }: store.OutboxMail,
  { quota, mailbox }: { quota: string; mailbox: string },
) {
  const { mailsPerMailbox, mailsPerHour } = ctx.options
  const network = textIn(details.network)
  const limits: [what: string, places: number][] = [[`${quota} to ${mailbox}`, mailsPerMailbox]]
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
