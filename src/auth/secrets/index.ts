/** Secrets that are stored sealed. Everything exported here is a use case of `auth.secrets`. */
export * from './reseal.ts'
