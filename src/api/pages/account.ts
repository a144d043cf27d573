/** The pages of a signed-in user. */
import { z } from 'zod'
import * as accountOperations from '../account.ts'
import { operation, STRONG } from '../contract.ts'
import { currentPassword, email, mailedCode, newPassword, userMetadata } from '../fields.ts'
import * as sessionOperations from '../sessions.ts'
import { formLocale, formName, ownEmail, returnTo, sessionField } from './fields.ts'

export const showAccount = operation({
  method: 'GET',
  path: '/account',
  summary: 'Show who is signed in, with links to the other pages of the account',
  tag: 'page',
  needs: ['pages'],
  access: { session: true },
  success: { status: 200, description: 'A page about the account.', page: true },
  errors: [],
})

export const showProfile = operation({
  method: 'GET',
  path: '/account/profile',
  summary: 'Show the form that changes the name, the language and the user fields of the account',
  tag: 'page',
  needs: ['pages'],
  access: { session: true },
  success: { status: 200, description: 'A page with the profile.', page: true },
  errors: [],
})

export const changeProfile = operation({
  method: 'POST',
  path: '/account/profile',
  summary: 'Change the profile (page form)',
  tag: 'page',
  needs: ['pages'],
  access: { session: true },
  audit: accountOperations.update.audit,
  body: z.strictObject({ name: formName, locale: formLocale, metadata: userMetadata, return_to: returnTo }),
  success: {
    status: 303,
    description: 'The profile is changed. The browser goes on to `return_to` or shows the page.',
  },
  errors: accountOperations.update.errors,
})

export const declinePasskey = operation({
  method: 'POST',
  path: '/account/decline_passkey',
  summary: 'Stop offering a passkey in this browser for 30 days (page form)',
  tag: 'page',
  needs: ['pages', 'passkeys'],
  access: { session: true },
  success: { status: 303, description: 'The choice is stored in a cookie. Nothing else changes.' },
  errors: [],
})

export const showEmail = operation({
  method: 'GET',
  path: '/account/email',
  summary: 'Show the address and the form that changes it',
  tag: 'page',
  needs: ['pages', 'mail'],
  access: STRONG,
  success: { status: 200, description: 'A page that asks for the new address.', page: true },
  errors: [],
})

export const changeEmail = operation({
  method: 'POST',
  path: '/account/email',
  summary: 'Ask for a new address (page form)',
  tag: 'page',
  needs: ['pages', 'mail'],
  access: STRONG,
  throttle: accountOperations.changeEmail.throttle,
  audit: accountOperations.changeEmail.audit,
  body: z.strictObject({ email }),
  success: {
    status: 303,
    description: 'A mail is on its way to the new address. The browser goes on to the page for its code.',
    setsBrowserCookie: true,
  },
  errors: accountOperations.changeEmail.errors,
})

export const showEmailCode = operation({
  method: 'GET',
  path: '/account/email/code',
  summary: 'Show the page that asks for the code mailed to the new address',
  tag: 'page',
  needs: ['pages', 'mail_codes'],
  access: { session: true },
  success: { status: 200, description: 'A page that asks for the code.', page: true },
  errors: [],
})

export const redeemEmailCode = operation({
  method: 'POST',
  path: '/account/email/code',
  summary: 'Confirm the new address (page form)',
  tag: 'page',
  needs: ['pages', 'mail_codes'],
  access: { session: true },
  throttle: ['mail_code'],
  audit: ['change_email', 'delete_account', 'limit_reached'],
  body: z.strictObject({ code: mailedCode }),
  success: { status: 303, description: 'The account has the new address.' },
  errors: ['invalid_code'],
})

export const showPassword = operation({
  method: 'GET',
  path: '/account/password',
  summary: 'Show the form that changes the password',
  tag: 'page',
  needs: ['pages'],
  access: { session: true, aal: 'strongest' },
  success: { status: 200, description: 'A page that asks for the current and a new password.', page: true },
  errors: [],
})

export const changePassword = operation({
  method: 'POST',
  path: '/account/password',
  summary: 'Change the password (page form)',
  tag: 'page',
  needs: ['pages'],
  access: { session: true, aal: 'strongest' },
  throttle: accountOperations.changePassword.throttle,
  audit: accountOperations.changePassword.audit,
  body: z.strictObject({ password: currentPassword, new_password: newPassword }),
  success: {
    status: 303,
    description:
      'The password is changed and every session has ended. The cookie carries a new session token.',
    setsCookie: true,
  },
  errors: accountOperations.changePassword.errors,
})

export const showSessions = operation({
  method: 'GET',
  path: '/account/sessions',
  summary: 'Show where the user is signed in',
  tag: 'page',
  needs: ['pages'],
  access: { session: true },
  success: { status: 200, description: 'A page with the live sessions of the account.', page: true },
  errors: [],
})

export const endSession = operation({
  method: 'POST',
  path: '/account/sessions',
  summary: 'Sign out one device (page form)',
  tag: 'page',
  needs: ['pages'],
  access: { session: true, fresh: true },
  audit: sessionOperations.end.audit,
  body: z.strictObject({ session: sessionField }),
  success: { status: 303, description: 'The session has ended, or had ended before.' },
  errors: [],
})

export const endOtherSessions = operation({
  method: 'POST',
  path: '/account/sessions/others',
  summary: 'Sign out everywhere else (page form)',
  tag: 'page',
  needs: ['pages'],
  access: { session: true, fresh: true },
  audit: sessionOperations.endOthers.audit,
  success: { status: 303, description: 'Every other session of the account has ended.' },
  errors: [],
})

export const showActivity = operation({
  method: 'GET',
  path: '/account/activity',
  summary: 'Show the recent activity of the account',
  tag: 'page',
  needs: ['pages'],
  access: { session: true },
  success: {
    status: 200,
    description: 'The newest 50 events of the account, 25 on each of two pages.',
    page: true,
  },
  errors: [],
})

export const showData = operation({
  method: 'GET',
  path: '/account/data',
  summary: 'Show the forms that export and delete the account',
  tag: 'page',
  needs: ['pages'],
  access: STRONG,
  success: { status: 200, description: 'A page that says what is deleted and what is kept.', page: true },
  errors: [],
})

export const exportData = operation({
  method: 'POST',
  path: '/account/data/export',
  summary: 'Download the export of the account (page form)',
  tag: 'page',
  needs: ['pages'],
  access: STRONG,
  audit: accountOperations.export.audit,
  success: {
    status: 200,
    description: 'The answer of `POST /profile/export` as a file.',
    body: accountOperations.export.success.body,
  },
  errors: accountOperations.export.errors,
})

export const deleteAccount = operation({
  method: 'POST',
  path: '/account/data/delete',
  summary: 'Delete the account for good (page form)',
  tag: 'page',
  needs: ['pages'],
  access: STRONG,
  audit: accountOperations.delete.audit,
  body: z.strictObject({ email: ownEmail }),
  success: {
    status: 303,
    description: 'The account is deleted and the cookie cleared.',
    setsCookie: true,
  },
  errors: [],
})

export const showDeleted = operation({
  method: 'GET',
  path: '/account/deleted',
  summary: 'Show that the account is deleted; with a live session, go on to the account',
  tag: 'page',
  needs: ['pages'],
  access: 'anyone',
  success: { status: 200, description: 'A page that says that the account is deleted.', page: true },
  errors: [],
})
