/** What a session is worth after its user has proven another factor. */
import type * as store from '../../db/index.ts'
import { PHISHING_RESISTANT } from '../../model/factors.ts'
import type { Context } from '../context.ts'
import { effectiveAal, isFresh } from '../sessions/guards.ts'
import { aalOf } from '../sign-in/gates.ts'

/** The names of RFC 8176 for what a passkey proves. `mfa` if it verified the user: then it is two factors on its own. */
export function amrOfPasskey({
  backupEligible,
  userVerified,
}: {
  readonly backupEligible: boolean
  readonly userVerified: boolean
}): readonly string[] {
  return [backupEligible ? 'swk' : 'hwk', ...(userVerified ? ['mfa'] : [])]
}

/** What proves one factor, and nothing that the user has: a password, or the word of a provider (`fed`). */
const FIRST_FACTORS: readonly string[] = ['pwd', 'fed']

/** Adds what was proven to what was proven before. A first factor and something that the user has are two factors. */
export function combined(before: readonly string[], proven: readonly string[]): string[] {
  const all = new Set([...before, ...proven])
  const hasFirst = FIRST_FACTORS.some((name) => all.has(name))
  const hasSecond = all.has('otp') || [...PHISHING_RESISTANT].some((name) => all.has(name))
  if (hasFirst && hasSecond) all.add('mfa')
  // Last, so that the order does not depend on when it was earned.
  if (all.delete('mfa')) all.add('mfa')
  return [...all]
}

/** What the session that replaces another one has proven. */
export interface Strengthened {
  readonly amr: readonly string[]
  readonly aal: number
  /** Since when: the start of the session, from which level 2 counts. */
  readonly since: Date
}

/**
 * What a session has proven, with another factor. Of a session whose level 2 is over, and of one whose user authenticated long
 * ago, only the first factor still counts: it alone never brings level 2 back, nor prolongs it. A program's word for the user
 * (level 0) still counts beside a factor that is not enough for level 2.
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
