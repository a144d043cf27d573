import { setTimeout } from 'node:timers/promises'
import type { Mailer } from '../../mail/index.ts'
import { AFTER_ANSWER_MS, type Context } from '../context.ts'
import { type OnMailFault, openSending } from './send.ts'

/** How often the outbox is polled, for mail that other instances enqueue and for retries. */
export const POLL_MS = 2_000
/** While the database does not answer, the interval doubles up to this. */
export const LONGEST_POLL_MS = 30_000
/** How long running deliveries may take once the service stops. An aborted mail is retried after its lease. */
export const STOP_TIMEOUT_MS = 5_000

/** Sends mail from the outbox. */
export interface MailWorker {
  /** Call this when mail was enqueued. */
  wake(): void
  /** Stops taking mail, finishes or aborts what is being sent, and closes the mailer. */
  stop(): Promise<void>
}

/**
 * Starts sending mail from the outbox.
 *
 * @param onFault - Called for mail that could not be sent, and while the database does not answer. The worker
 *   continues.
 * @param stopTimeoutMs - Default {@link STOP_TIMEOUT_MS}.
 */
export function startMailWorker(
  ctx: Context,
  mailer: Mailer,
  onFault: OnMailFault,
  stopTimeoutMs = STOP_TIMEOUT_MS,
): MailWorker {
  const sending = openSending(ctx, mailer, onFault)
  const stopping = new AbortController()
  let woken = Promise.withResolvers<void>()
  const pause = (ms: number) =>
    setTimeout(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => {})

  async function work(): Promise<void> {
    let pollMs = POLL_MS
    while (!stopping.signal.aborted) {
      // Before the slots are counted, so that none becomes free unnoticed.
      const slotFreed = sending.ended().then(() => true)
      try {
        const taken = await sending.sendDue()
        pollMs = POLL_MS
        if (taken > 0) continue
      } catch (error) {
        onFault(error, null)
        pollMs = Math.min(2 * pollMs, LONGEST_POLL_MS)
      }
      if (await Promise.race([slotFreed, pause(pollMs), woken.promise])) continue
      woken = Promise.withResolvers()
      await pause(AFTER_ANSWER_MS)
    }
    await sending.idle()
  }

  const working = work()
  return {
    wake: () => woken.resolve(),
    async stop() {
      stopping.abort()
      const patience = () => setTimeout(stopTimeoutMs, undefined, { ref: false })
      await Promise.race([working, patience()])
      // Closing the mailer aborts what is still being sent.
      mailer.close()
      await Promise.race([working, patience()])
    },
  }
}
