/** Outgoing mail. Everything exported here is a use case of `auth.delivery`. */
export * from './status.ts'
