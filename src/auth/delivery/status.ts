import * as store from '../../db/index.ts'
import type { Context } from '../context.ts'

/** The number of queued mails, including those that wait for a retry. */
export function count(ctx: Context): Promise<number> {
  return store.countMail(ctx.db)
}

/** Why queued mail could not be sent so far, the most frequent reason first. Contains no addresses and no secrets. */
export function listProblems(ctx: Context): Promise<store.MailProblem[]> {
  return store.listMailProblems(ctx.db)
}
