/**
 * The hosted pages, for the links in our mails: functions from a language and a base path to HTML. Owns their
 * look, their script and the policy they are sent with; the words are `text.ts`'s, the routes and all other
 * headers `app/`'s. Nothing of a request ever stands in a page: the script reads the link in the browser, and
 * sends nothing before the person does.
 *
 * @module
 */
export { renderConfirmEmail } from './confirm-email.ts'
export type { Page, Setting } from './layout.ts'
export { renderResetPassword } from './reset-password.ts'
