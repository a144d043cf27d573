/** The pauses between two notices of a kind to an account, across instances and restarts. */
import type { Context } from '../context.ts'
import { endOfPause, startPause } from '../quotas.ts'
import { MAIL_KINDS, type PacedKind } from './kinds.ts'

/** When the account may get the next notice: now, or at the end of the pause. */
export function endOfNoticePause(ctx: Context, kind: PacedKind, userId: number): Promise<Date> {
  return endOfPause(ctx, nameOf(kind, userId), MAIL_KINDS[kind].pauseMs)
}

/** Starts the pause after a notice, and returns its end. */
export function startNoticePause(ctx: Context, kind: PacedKind, userId: number): Promise<Date> {
  return startPause(ctx, nameOf(kind, userId), MAIL_KINDS[kind].pauseMs)
}

function nameOf(kind: PacedKind, userId: number): string {
  return `${kind} notices to ${userId}`
}
