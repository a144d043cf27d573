/** The identities of people at other providers: `auth.identities`. */
export type { IdentityInfo } from './info.ts'
export * from './own.ts'
