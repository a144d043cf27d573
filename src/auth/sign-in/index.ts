/**
 * Signing in: the gates, then the session. Everything exported here is a use case of `auth.signIn`, or one of its
 * types.
 */
export * from './reauthenticate.ts'
export * from './waiting.ts'
export * from './with-passkey.ts'
export * from './with-password.ts'
export * from './with-recovery-code.ts'
export * from './with-totp.ts'
