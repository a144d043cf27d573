/** Codes in mail. Everything exported here is a use case of `auth.mailCodes`, or one of its types. */
export * from './change-email.ts'
export * from './confirm-email.ts'
export * from './request.ts'
export * from './reset-password.ts'
