/**
 * The hosted pages that mailed links open. This folder has their markup, style, script and Content-Security-Policy; the
 * sentences are in `text/`, the routes and the other headers in `app/`. A page never contains anything from a request:
 * the script reads the link in the browser, and sends nothing until the person submits the form.
 *
 * @module
 */
export { renderConfirmEmail } from './confirm-email.ts'
export type { Page, PageContext } from './layout.ts'
export { renderResetPassword } from './reset-password.ts'
export { openSite } from './site.ts'
