/**
 * Second factors: the authenticator app, the recovery codes, and whether a sign-in needs one. Everything exported here is a use
 * case of `auth.factors`, or one of its types.
 */
export type { Enrolled } from './enrollee.ts'
export type { FactorInfo } from './info.ts'
export * from './list.ts'
export * from './renewal.ts'
export * from './switch.ts'
export * from './totp.ts'
