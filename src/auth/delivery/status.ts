import * as store from '../../db/index.ts'
import type { Context } from '../context.ts'

/** How many mails wait to be sent. */
export function count(ctx: Context): Promise<number> {
  return store.countMail(ctx.db)
}

/** Why mail could not be sent so far, the most frequent reason first. Names no address and holds no secret. */
export function listProblems(ctx: Context): Promise<store.MailProblem[]> {
  return store.listMailProblems(ctx.db)
}
