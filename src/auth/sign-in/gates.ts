/** What stands between a proof of identity and a session: one list, for every way to sign in. */
import type { Factor, NextStep, SignInMethod } from '../../model/factors.ts'
import type { User } from '../../model/user.ts'
import type { Context } from '../context.ts'
import {
  factorsOf,
  isResistantEnough,
  mustHaveSecondFactor,
  mustUsePasskey,
  policyFor,
} from '../factors/state.ts'

/**
 * What a user has proven. The first gates come before it and differ by method: the throttle, and the check of the
 * credential itself.
 */
export interface Proof {
  /** As the user will be once the sign-in is finished. */
  readonly user: User
  /** How the sign-in began. */
  readonly method: SignInMethod
  /** What was proven: names of RFC 8176. `mfa` stands for two factors. */
  readonly amr: readonly string[]
}

/** Why nobody is signed in: a refusal, or a step that must come first. */
export type Stop =
  | { readonly refusal: GateRefusal }
  | { readonly next: NextStep; readonly methods: readonly Factor[] }

export type GateRefusal = 'disabled' | 'unconfirmed' | 'password_compromised'

type Gate = (ctx: Context, proof: Proof) => Stop | null | Promise<Stop | null>

/** The gates, in order. They apply to every way to sign in. */
const GATES: readonly Gate[] = [accountEnabled, emailConfirmed, passwordState, secondFactor, enrolment]

/** Why the first closed gate stops a sign-in. `null` if all are open, and only the application is left to ask. */
export async function firstStop(ctx: Context, proof: Proof): Promise<Stop | null> {
  for (const gate of GATES) {
    const stop = await gate(ctx, proof)
    if (stop !== null) return stop
  }
  return null
}

function accountEnabled(_: Context, { user }: Proof): Stop | null {
  return user.disabledAt === null ? null : { refusal: 'disabled' }
}

function emailConfirmed({ options }: Context, { user }: Proof): Stop | null {
  return options.emailVerification && user.emailVerifiedAt === null ? { refusal: 'unconfirmed' } : null
}

/** A compromised password must be reset first. A passkey does not involve it. */
function passwordState(_: Context, { user, method }: Proof): Stop | null {
  const isMet = method === 'passkey' || user.passwordCompromisedAt === null
  return isMet ? null : { refusal: 'password_compromised' }
}

async function secondFactor(ctx: Context, { user, amr }: Proof): Promise<Stop | null> {
  if (policyFor(ctx, user) === 'off' || aalOf(amr) === 2) return null
  if (user.secondFactorEnabledAt === null && !mustHaveSecondFactor(ctx, user)) return null
  const factors = await factorsOf(ctx, user.id)
  if (!factors.hasAny) return { next: 'enrol', methods: [] }
  // Under the policy `passkey`, other factors only lead to the set-up of a passkey. A user who has one must use it, or
  // a recovery code.
  const methods = mustUsePasskey(ctx, user, factors)
    ? factors.usable.filter((factor) => factor !== 'totp')
    : factors.usable
  return { next: 'second_factor', methods }
}

/** Two factors are not enough if the policy requires one that resists phishing. */
function enrolment(ctx: Context, { user, amr }: Proof): Stop | null {
  return isResistantEnough(ctx, user, amr) ? null : { next: 'enrol', methods: [] }
}

/** The authentication assurance level (NIST SP 800-63B) of what was proven. */
export function aalOf(amr: readonly string[]): 1 | 2 {
  return amr.includes('mfa') ? 2 : 1
}
