/**
 * Hourly quotas and pauses: limits on what the service does, regardless of who caused it. `sign-in/throttle.ts` limits
 * attempts.
 */
import * as store from '../db/index.ts'
import { sha256 } from '../lib/digest.ts'
import { networksOf } from '../lib/network.ts'
import { AuthError } from '../model/errors.ts'
import type { Caller } from './caller.ts'
import type { Context } from './context.ts'

const HOUR_MS = 60 * 60_000
const START_WINDOW_MS = 10 * 60_000

/** One of the places in a quota. */
export interface Place {
  /** Returns the place. */
  release(): Promise<void>
}

/**
 * Takes a place in a quota that starts anew every clock hour. `null` if none is left.
 *
 * @param what - Identifies the quota.
 * @param places - The size of the quota.
 */
export async function takeHourlyPlace(ctx: Context, what: string, places: number): Promise<Place | null> {
  if (!ctx.options.throttle) return { release: async () => {} }
  const { index, end } = windowOf(ctx, HOUR_MS)
  const key = keyOf('hourly', what, String(index))
  if ((await store.takePlace(ctx.db, key, { places, until: end })) === null) return null
  return { release: () => store.refundAttempt(ctx.db, key, { blockedUntil: 0 }) }
}

/**
 * Takes a place in a quota that starts anew every clock hour.
 *
 * @throws {AuthError} `too_many_attempts` with `retryAfterSeconds`: none is left.
 */
export async function requireHourlyPlace(ctx: Context, what: string, places: number): Promise<void> {
  if ((await takeHourlyPlace(ctx, what, places)) === null)
    throw tooManyAttempts(nextHour(ctx).getTime() - ctx.now().getTime())
}

/**
 * Counts the start of something that visitors can begin, by IP address, in windows of ten minutes.
 *
 * @throws {AuthError} `too_many_attempts` with `retryAfterSeconds`: more than `perIp` in this window.
 */
export async function countStart(
  ctx: Context,
  { what, perIp }: { readonly what: string; readonly perIp: number },
  { ip }: Caller,
): Promise<void> {
  const network = ip === undefined ? undefined : networksOf(ip)?.[0]
  if (!ctx.options.throttle || network === undefined) return
  const { index, end } = windowOf(ctx, START_WINDOW_MS)
  const key = keyOf(what, network, String(index))
  if ((await store.takePlace(ctx.db, key, { places: perIp, until: end })) === null)
    throw tooManyAttempts(end.getTime() - ctx.now().getTime())
}

/** The refusal of an attempt that may be repeated later. */
export function tooManyAttempts(retryAfterMs: number): AuthError {
  return new AuthError('too_many_attempts', { retryAfterSeconds: Math.ceil(retryAfterMs / 1_000) })
}

/** When the next clock hour begins, and every quota with it. */
export function nextHour(ctx: Context): Date {
  return windowOf(ctx, HOUR_MS).end
}

/**
 * When an action with a pause may happen again: now, or at the end of the pause.
 *
 * @param what - Identifies the pause.
 */
export async function endOfPause(ctx: Context, what: string, pauseMs: number): Promise<Date> {
  const now = ctx.now()
  const end = await store.findPauseEnd(ctx.db, keyOf('pause', what))
  // Ignore an end that is further ahead than a whole pause: it was set by a wrong clock.
  return end !== null && end > now && end.getTime() <= now.getTime() + pauseMs ? end : now
}

/** Starts a pause and returns its end. */
export async function startPause(ctx: Context, what: string, pauseMs: number): Promise<Date> {
  const end = new Date(ctx.now().getTime() + pauseMs)
  await store.startPause(ctx.db, keyOf('pause', what), end)
  return end
}

/** A window of clock time with a fixed length. Number 0 begins in 1970. */
export interface Window {
  readonly index: number
  readonly end: Date
}

export function windowOf(ctx: Context, lengthMs: number): Window {
  const index = Math.floor(ctx.now().getTime() / lengthMs)
  return { index, end: new Date((index + 1) * lengthMs) }
}

/** The key of a counter: a hash, so that the table contains no address and has keys of one length. */
export function keyOf(...parts: string[]): string {
  return Buffer.from(sha256(parts.join('\n'))).toString('hex')
}
