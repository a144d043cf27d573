/** What visitors and signed-in users do with their own account. Everything exported here is a use case of `auth.account`. */
export * from './confirmation.ts'
export * from './deletion.ts'
export * from './email-change.ts'
export * from './export.ts'
export * from './password-change.ts'
export * from './password-reset.ts'
export * from './profile.ts'
export * from './registration.ts'
