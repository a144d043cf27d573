/** The hosted pages. A GET shows a page; the POST on the same path is its form. */
export * from './account.ts'
export * from './account-factors.ts'
export * from './assets.ts'
export * from './links.ts'
export * from './recovery.ts'
export * from './second-step.ts'
export * from './sign-in.ts'
export * from './sign-up.ts'
