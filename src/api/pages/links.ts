/** The pages that mailed links open. */
import { operation } from '../contract.ts'

export const confirmEmail = operation({
  method: 'GET',
  path: '/confirm_email',
  summary: 'Show the page that the link in a confirmation mail opens; opening it changes nothing',
  tag: 'page',
  needs: ['mail'],
  access: 'anyone',
  success: { status: 200, description: 'A page that asks for the password.', page: true },
  errors: [],
})

export const resetPassword = operation({
  method: 'GET',
  path: '/reset_password',
  summary: 'Show the page that the link in a reset mail opens; opening it changes nothing',
  tag: 'page',
  needs: ['mail'],
  access: 'anyone',
  success: { status: 200, description: 'A page that asks for the new password.', page: true },
  errors: [],
})
