/** What operators do to accounts. Everything exported here is a use case of `auth.users`, or one of its types. */
export * from './address.ts'
export * from './create.ts'
export * from './factors.ts'
export * from './find.ts'
export * from './profile.ts'
export * from './sessions.ts'
export * from './status.ts'
