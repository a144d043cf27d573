/** The pages of a signed-in user. */
import { z } from 'zod'
import * as accountOperations from '../account.ts'
import { STRONG } from '../contract.ts'
import { currentPassword, email, mailedCode, newPassword, userMetadata } from '../fields.ts'
import * as sessionOperations from '../sessions.ts'
import { formLocale, formName, ownEmail, returnTo, sessionField } from './fields.ts'
import { form, page } from './page.ts'

export const showAccount = page({
  path: '/account',
  summary: 'Show who is signed in, with links to the other pages of the account',
  needs: ['pages'],
  access: { session: true },
  description: 'A page about the account.',
})

export const showProfile = page({
  path: '/account/profile',
  summary: 'Show the form that changes the name, the language and the user fields of the account',
  needs: ['pages'],
  access: { session: true },
  description: 'A page with the profile.',
})

export const changeProfile = form({
  path: '/account/profile',
  summary: 'Change the profile',
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

export const declinePasskey = form({
  path: '/account/decline_passkey',
  summary: 'Stop offering a passkey in this browser for 30 days',
  needs: ['pages', 'passkeys'],
  access: { session: true },
  success: { status: 303, description: 'The choice is stored in a cookie. Nothing else changes.' },
})

export const showEmail = page({
  path: '/account/email',
  summary: 'Show the address and the form that changes it',
  needs: ['pages', 'mail'],
  access: STRONG,
  description: 'A page that asks for the new address.',
})

export const changeEmail = form({
  path: '/account/email',
  summary: 'Ask for a new address',
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

export const showEmailCode = page({
  path: '/account/email/code',
  summary: 'Show the page that asks for the code mailed to the new address',
  needs: ['pages', 'mail_codes'],
  access: { session: true },
  description: 'A page that asks for the code.',
})

export const redeemEmailCode = form({
  path: '/account/email/code',
  summary: 'Confirm the new address',
  needs: ['pages', 'mail_codes'],
  access: { session: true },
  throttle: ['mail_code'],
  audit: ['change_email', 'delete_account', 'limit_reached'],
  body: z.strictObject({ code: mailedCode }),
  success: { status: 303, description: 'The account has the new address.' },
  errors: ['invalid_code'],
})

export const showPassword = page({
  path: '/account/password',
  summary: 'Show the form that changes the password',
  needs: ['pages'],
  access: { session: true, aal: 'strongest' },
  description: 'A page that asks for the current and a new password.',
})

export const changePassword = form({
  path: '/account/password',
  summary: 'Change the password',
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

export const showSessions = page({
  path: '/account/sessions',
  summary: 'Show where the user is signed in',
  needs: ['pages'],
  access: { session: true },
  description: 'A page with the live sessions of the account.',
})

export const endSession = form({
  path: '/account/sessions',
  summary: 'Sign out one device',
  needs: ['pages'],
  access: { session: true, fresh: true },
  audit: sessionOperations.end.audit,
  body: z.strictObject({ session: sessionField }),
  success: { status: 303, description: 'The session has ended, or had ended before.' },
})

export const endOtherSessions = form({
  path: '/account/sessions/others',
  summary: 'Sign out everywhere else',
  needs: ['pages'],
  access: { session: true, fresh: true },
  audit: sessionOperations.endOthers.audit,
  success: { status: 303, description: 'Every other session of the account has ended.' },
})

export const showActivity = page({
  path: '/account/activity',
  summary: 'Show the recent activity of the account',
  needs: ['pages'],
  access: { session: true },
  description: 'The newest 50 events of the account, 25 on each of two pages.',
})

export const showData = page({
  path: '/account/data',
  summary: 'Show the forms that export and delete the account',
  needs: ['pages'],
  access: STRONG,
  description: 'A page that says what is deleted and what is kept.',
})

export const exportData = form({
  path: '/account/data/export',
  summary: 'Download the export of the account',
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

export const deleteAccount = form({
  path: '/account/data/delete',
  summary: 'Delete the account for good',
  needs: ['pages'],
  access: STRONG,
  audit: accountOperations.delete.audit,
  body: z.strictObject({ email: ownEmail }),
  success: {
    status: 303,
    description: 'The account is deleted and the cookie cleared.',
    setsCookie: true,
  },
})

export const showDeleted = page({
  path: '/account/deleted',
  summary: 'Show that the account is deleted; with a live session, go on to the account',
  needs: ['pages'],
  access: 'anyone',
  description: 'A page that says that the account is deleted.',
})
