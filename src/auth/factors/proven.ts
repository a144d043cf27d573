/** What a session has proven, once its user proves another factor. */
import type * as store from '../../db/index.ts'
import { PHISHING_RESISTANT } from '../../model/factors.ts'
import type { Context } from '../context.ts'
import { effectiveAal, isFresh } from '../sessions/guards.ts'
import { aalOf } from '../sign-in/gates.ts'

/** The methods of RFC 8176 that a passkey proves. A passkey that verified the user is two factors on its own: `mfa`. */
export function amrOfPasskey({
  backupEligible,
  userVerified,
}: {
  readonly backupEligible: boolean
  readonly userVerified: boolean
}): readonly string[] {
  return [backupEligible ? 'swk' : 'hwk', ...(userVerified ? ['mfa'] : [])]
}

/** Methods that prove a first factor, and no possession: a password, or the word of a provider (`fed`). */
const FIRST_FACTORS: readonly string[] = ['pwd', 'fed']

/** Adds proven methods to earlier ones. A first factor and something that the user has are two factors: `mfa`. */
export function combined(before: readonly string[], proven: readonly string[]): string[] {
  const all = new Set([...before, ...proven])
  const hasFirst = FIRST_FACTORS.some((name) => all.has(name))
  const hasSecond = all.has('otp') || [...PHISHING_RESISTANT].some((name) => all.has(name))
  if (hasFirst && hasSecond) all.add('mfa')
  // Last, so that the order does not depend on when it was added.
  if (all.delete('mfa')) all.add('mfa')
  return [...all]
}

/** What the session that replaces another one has proven. */
export interface Strengthened {
  readonly amr: readonly string[]
  readonly aal: number
  /** The start of the new session, from which the lifetime of level 2 counts. */
  readonly since: Date
}

/**
 * Adds a newly proven factor to what a session has proven. If level 2 has expired, or a session of level 1 is no longer
 * fresh, only its first factor still counts. A first factor alone never restores or prolongs level 2. A session that a
 * program vouched for stays at level 0 until it has a first factor or level 2.
 */
export function strengthened(
  ctx: Context,
  session: store.SessionState,
  proven: readonly string[],
): Strengthened {
  const isStrong = session.amr.includes('mfa')
  const isCurrent = isStrong ? effectiveAal(ctx, session) === 2 : isFresh(ctx, session)
  const before = isCurrent ? session.amr : session.amr.filter((name) => FIRST_FACTORS.includes(name))
  const isFirstAlone = proven.every((name) => FIRST_FACTORS.includes(name))
  const since = isStrong && isCurrent && isFirstAlone ? session.createdAt : ctx.now()
  const amr = combined(before, proven)
  const hasFirst = FIRST_FACTORS.some((name) => amr.includes(name))
  const aal = session.aal === 0 && !hasFirst && aalOf(amr) < 2 ? 0 : aalOf(amr)
  return { amr, aal, since }
}
