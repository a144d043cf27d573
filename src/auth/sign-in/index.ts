/** Signing in: the gates, and a session at their end. Everything exported here is a use case of `auth.signIn`. */
export * from './reauthenticate.ts'
export * from './with-password.ts'
