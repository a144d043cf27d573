/** Moving accounts in and out. Everything exported here is a use case of `auth.transfer`. */
export * from './export.ts'
export * from './import.ts'
export * from './restore.ts'
