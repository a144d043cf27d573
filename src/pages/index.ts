/**
 * The hosted pages. This folder has their markup, style, scripts and policies; the sentences are in `text/`, the routes and
 * the other headers in `app/`. A view is a pure function from data to a page.
 *
 * @module
 */
export { renderActivity } from './account/activity.ts'
export { renderData, renderDeleted } from './account/data.ts'
export { renderEmail, renderEmailCode } from './account/email.ts'
export { renderFactors, renderFactorsApp } from './account/factors.ts'
export { renderAccount } from './account/overview.ts'
export { renderPasskeys } from './account/passkeys.ts'
export { renderPassword } from './account/password.ts'
export { renderSessions } from './account/sessions.ts'
export { openAssets, type PageAssets } from './assets.ts'
export { renderConfirmCode, renderConfirmMail } from './confirm-code.ts'
export { renderConfirmEmail } from './confirm-email.ts'
export { renderEnrolment, renderEnrolmentApp } from './enrolment.ts'
export type { Page } from './layout.ts'
export type { Look } from './look.ts'
export type { UnknownPasskey } from './passkey.ts'
export type { FormState } from './problems.ts'
export { renderRecover, renderRecoverCode } from './recover.ts'
export { type Onward, renderNewRecoveryCode, renderRecoveryCodes } from './recovery-codes.ts'
export { renderRefusal } from './refusal.ts'
export { renderResetPassword } from './reset-password.ts'
export { renderSecondStep } from './second-step.ts'
export { renderSignIn } from './sign-in.ts'
export { renderSignOut } from './sign-out.ts'
export { renderSignUp } from './sign-up.ts'
export { openSite, type Site } from './site.ts'
export { renderStepUp } from './step-up.ts'
