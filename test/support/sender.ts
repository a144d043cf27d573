/** A process that sends mail, and mail servers that fail. */
import * as audit from '../../src/auth/audit/index.ts'
import { openSending } from '../../src/auth/delivery/send.ts'
import { type MemoryMailer, memoryMailer, type TestContext } from './production.ts'

/** A process that sends mail. It remembers what it sent, and records its failures. */
export function sender(ctx: TestContext, mailer: MemoryMailer) {
  const faults: { error: unknown; attempts: number }[] = []
  const outages: unknown[] = []
  const sending = openSending(ctx, mailer, (error, mail) => {
    if (mail === null) outages.push(error)
    else faults.push({ error, attempts: mail.attempts })
  })
  /** Takes mail that is due once, and sends it. Rejects if the database fails. */
  async function once(): Promise<number> {
    const taken = await sending.sendDue()
    await sending.idle()
    if (outages.length > 0) throw outages.shift()
    return taken
  }
  return {
    faults,
    sending,
    once,
    /** Sends until no mail is due. */
    async all() {
      while ((await once()) > 0);
    },
  }
}

/** Seconds until the next attempt of each mail. */
export async function waits(ctx: TestContext): Promise<number[]> {
  const rows = await ctx.db.selectFrom('outbox').select('next_attempt_at').execute()
  return rows.map(({ next_attempt_at }) => (next_attempt_at - ctx.now().getTime()) / 1_000)
}

/** Audit records of abandoned mail. */
export async function givenUp(ctx: TestContext) {
  return Array.fromAsync(audit.list(ctx, { action: 'give_up_mail' }))
}

export function down(): never {
  throw new Error('the server is down')
}

/** A mail server that accepts a message, and replies only when the test resolves `answer`. */
export function silentMailer() {
  const taken = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  const mailer = memoryMailer(() => {
    taken.resolve()
    return answer.promise
  })
  return { mailer, taken: taken.promise, answer }
}
