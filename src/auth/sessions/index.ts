/** Sessions: start, check, list and end them. Everything exported here is a use case of `auth.sessions`. */
export * from './create.ts'
export * from './own.ts'
