/** Passkeys and security keys. Everything exported here is a use case of `auth.passkeys`, or one of its types. */
export type { PasskeyInfo } from './info.ts'
export * from './own.ts'
export * from './start.ts'
export type { PasskeyCreationOptions, PasskeyRequestOptions } from './webauthn/options.ts'
