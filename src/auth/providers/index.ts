/** Sign-in with other providers. Everything exported here is a use case of `auth.providers`, or one of its types. */
export * from './backchannel.ts'
export * from './check.ts'
export * from './complete.ts'
export * from './configure.ts'
export type { Discovered } from './protocol/index.ts'
export type { FurtherStep } from './sign-in.ts'
export * from './start.ts'
export * from './waiting.ts'
