/**
 * Signing in: the gates, then the session. Everything exported here is a use case of `auth.signIn`, or one of its
 * types.
 */
export * from './reauthenticate.ts'
export * from './with-password.ts'
