/** The audit log. Everything exported here is a use case of `auth.audit`. */
export * from './list.ts'
