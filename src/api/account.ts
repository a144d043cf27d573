import { z } from 'zod'
import { NEW_PASSWORD_ERRORS, operation, STRONG } from './contract.ts'
import {
  account,
  auditRecord,
  bearerFields,
  browserToken,
  currentPassword,
  email,
  factors,
  identityDetails,
  locale,
  mailedToken,
  name,
  newPassword,
  password,
  picture,
  resetToken,
  sessionInfo,
  userMetadata,
} from './fields.ts'

export const register = operation({
  method: 'POST',
  path: '/users',
  summary: 'Register a user',
  tag: 'classic',
  access: 'anyone',
  throttle: ['registration'],
  audit: ['register', 'limit_reached'],
  body: z.strictObject({
    email,
    password: newPassword,
    name,
    locale,
    metadata: userMetadata,
    browser_token: browserToken,
  }),
  success: {
    status: 200,
    description:
      'The account exists. With uniform registration answers, a taken address gets this answer too, and its owner gets a mail.',
    body: z.strictObject({ email: z.string(), message: z.literal('user created') }),
    setsBrowserCookie: true,
  },
  errors: [
    'registration_closed',
    'refused_by_application',
    'email_taken',
    'invalid_email',
    ...NEW_PASSWORD_ERRORS,
  ],
})

export const get = operation({
  method: 'GET',
  path: '/profile',
  summary: 'Get the user of the session',
  tag: 'classic',
  access: { session: true },
  success: {
    status: 200,
    description: 'The user of the session.',
    body: z.strictObject({ email: z.string() }),
  },
})

export const update = operation({
  method: 'PATCH',
  path: '/profile',
  summary: 'Change the name, the picture, the language or the user fields of the account',
  tag: 'account',
  access: { session: true },
  audit: ['update_profile'],
  body: z.strictObject({ name, picture, locale, metadata: userMetadata }),
  success: {
    status: 200,
    description: 'The account with the changes. Fields that the request left out stay as they were.',
    body: z.strictObject({ user: account }),
  },
  errors: ['too_many_attempts'],
})

export const requestPasswordReset = operation({
  method: 'POST',
  path: '/reset_password',
  summary: 'Ask for a token that sets a new password',
  tag: 'classic',
  access: 'anyone',
  throttle: ['reset_request'],
  audit: ['request_password_reset', 'limit_reached'],
  body: z.strictObject({ email, browser_token: browserToken }),
  success: {
    status: 200,
    description:
      'A token that works once. Earlier tokens are void. If tokens are mailed, the answer contains no token and is the same for every address.',
    body: z.union([
      z.strictObject({ email: z.string(), reset_token: z.string() }),
      z.strictObject({ email: z.string(), message: z.literal('reset mail sent') }),
    ]),
    setsBrowserCookie: true,
  },
  errors: ['unknown_email'],
})

export const resetPassword = operation({
  method: 'PUT',
  path: '/reset_password',
  summary: 'Set a new password with a token',
  tag: 'classic',
  access: 'anyone',
  audit: ['reset_password'],
  body: z.strictObject({ email, reset_token: resetToken, new_password: newPassword }),
  success: {
    status: 200,
    description:
      'The password is changed. Every session of the account has ended, except in classic mode, where they stay.',
    body: z.strictObject({ email: z.string(), message: z.literal('Password updated') }),
  },
  errors: ['invalid_reset_token', ...NEW_PASSWORD_ERRORS],
})

export const requestConfirmation = operation({
  method: 'POST',
  path: '/request_confirmation',
  summary: 'Ask again for the mail that confirms an address',
  tag: 'account',
  needs: ['mail'],
  access: 'anyone',
  throttle: ['confirmation_request'],
  audit: ['request_confirmation', 'limit_reached'],
  body: z.strictObject({ email, browser_token: browserToken }),
  success: {
    status: 200,
    description: 'A mail is on its way if an account with this address awaits confirmation.',
    body: z.strictObject({ email: z.string(), message: z.literal('confirmation mail sent') }),
    setsBrowserCookie: true,
  },
})

export const confirmEmail = operation({
  method: 'POST',
  path: '/confirm_email',
  summary: 'Confirm an address with the token from a mailed link and the password of the account',
  tag: 'account',
  needs: ['mail'],
  access: 'anyone',
  throttle: ['login'],
  audit: ['confirm_email', 'change_email', 'delete_account', 'limit_reached'],
  body: z.strictObject({ token: mailedToken, password }),
  success: {
    status: 200,
    description: 'The address is confirmed. It is now the address of the account.',
    body: z.strictObject({ email: z.string(), message: z.literal('Email confirmed') }),
  },
  errors: ['invalid_confirmation_token', 'invalid_credentials', 'password_too_long'],
})

export const changePassword = operation({
  method: 'PUT',
  path: '/profile/password',
  summary: 'Change the password, or set the first one',
  tag: 'account',
  access: { session: true, aal: 'strongest' },
  throttle: ['login'],
  audit: ['change_password', 'limit_reached'],
  body: z.strictObject({ current_password: currentPassword, new_password: newPassword }),
  success: {
    status: 200,
    description:
      'The password is changed and every session has ended. The cookie or, for a bearer token, the body carries a new session token.',
    body: z.strictObject({ email: z.string(), message: z.literal('Password updated'), ...bearerFields }),
    setsCookie: true,
  },
  errors: ['invalid_credentials', 'reauthentication_required', ...NEW_PASSWORD_ERRORS],
})

export const changeEmail = operation({
  method: 'PUT',
  path: '/profile/email',
  summary: 'Change the email address, once the new one is confirmed',
  tag: 'account',
  needs: ['mail'],
  access: STRONG,
  throttle: ['email_change'],
  audit: ['request_email_change', 'limit_reached'],
  body: z.strictObject({ email, browser_token: browserToken }),
  success: {
    status: 200,
    description: 'A link is on its way to the new address, and a notice to the current one.',
    body: z.strictObject({ email: z.string(), message: z.literal('confirmation mail sent') }),
    setsBrowserCookie: true,
  },
  errors: ['invalid_email'],
})

export const activity = operation({
  method: 'GET',
  path: '/profile/activity',
  summary: 'List the recent activity of the account, newest first',
  tag: 'account',
  access: { session: true },
  success: {
    status: 200,
    description: 'The newest 50 audit records of the account. `POST /profile/export` returns more.',
    body: z.strictObject({ activity: z.array(auditRecord) }),
  },
})

const exportAccount = operation({
  // Not GET: it adds an audit record and counts against a limit, and a link on another site could trigger a GET.
  method: 'POST',
  path: '/profile/export',
  summary: 'Export everything that is stored about the account, except secrets and private metadata',
  tag: 'account',
  access: STRONG,
  audit: ['export_account'],
  success: {
    status: 200,
    description:
      'The account, its second factors without secrets, its identities at other providers, its live sessions and its newest 10,000 audit records.',
    body: z.strictObject({
      account,
      factors,
      identities: z.array(identityDetails),
      sessions: z.array(sessionInfo),
      audit: z.array(auditRecord),
    }),
  },
  errors: ['too_many_attempts'],
})

const deleteAccount = operation({
  method: 'DELETE',
  path: '/profile',
  summary: 'Delete the account for good, with its sessions and tokens',
  tag: 'account',
  access: STRONG,
  audit: ['delete_account'],
  success: {
    status: 200,
    description: 'The account is deleted and the cookie cleared.',
    body: z.strictObject({ email: z.string(), message: z.literal('account deleted') }),
    setsCookie: true,
  },
})

export { deleteAccount as delete, exportAccount as export }
