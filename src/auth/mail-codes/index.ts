/** Codes in mail. Everything exported here is a use case of `auth.mailCodes`, or one of its types. */
export * from './redeem.ts'
export * from './request.ts'
