import { setTimeout } from 'node:timers/promises'
import type { Mailer } from '../../mail/index.ts'
import type { Context } from '../context.ts'
import { type OnMailFault, type SentMail, sendDueMail } from './outbox.ts'

/** How often an outbox is looked at that other instances fill too, and where waits run out. */
const POLL_MS = 2_000
/** While the database does not answer it is asked ever more seldom, down to this. */
const LONGEST_POLL_MS = 30_000
/** The answer is out before its mail is looked at: what is done for one address and not for another must not delay it. */
const WAKE_DELAY_MS = 100
/** How long mail in hand may take once the service stops. What is cut off is sent by the next one to start. */
const STOP_TIMEOUT_MS = 5_000

/** Sends mail as it comes. */
export interface MailWorker {
  /** There is new mail. */
  wake(): void
  /** Takes no more, finishes what is in hand or lets go of it, and closes the mailer. */
  stop(): Promise<void>
}

/**
 * Starts to send what the outbox holds.
 *
 * @param onFault - Told of mail that could not be sent, and of a database that does not answer: the worker
 *   goes on.
 */
export function startMailWorker(ctx: Context, mailer: Mailer, onFault: OnMailFault): MailWorker {
  const sent: SentMail = new Map()
  const stopping = new AbortController()
  let woken = Promise.withResolvers<void>()
  const pause = (ms: number) =>
    setTimeout(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => {})

  async function work(): Promise<void> {
    let pollMs = POLL_MS
    while (!stopping.signal.aborted) {
      try {
        const taken = await sendDueMail(ctx, mailer, { sent, onFault })
        pollMs = POLL_MS
        if (taken > 0) continue
      } catch (error) {
        onFault(error, null)
        pollMs = Math.min(2 * pollMs, LONGEST_POLL_MS)
      }
      await Promise.race([pause(pollMs), woken.promise])
      woken = Promise.withResolvers()
      await pause(WAKE_DELAY_MS)
    }
  }

  const working = work()
  return {
    wake: () => woken.resolve(),
    async stop() {
      stopping.abort()
      const patience = () => setTimeout(STOP_TIMEOUT_MS, undefined, { ref: false })
      await Promise.race([working, patience()])
      // Lets go of what is still on its way: it fails, and is put back for the next one.
      mailer.close()
      await Promise.race([working, patience()])
    },
  }
}
