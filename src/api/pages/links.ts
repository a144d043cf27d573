/** The pages that mailed links open. */
import { page } from './page.ts'

export const confirmEmail = page({
  path: '/confirm_email',
  summary: 'Show the page that the link in a confirmation mail opens; opening it changes nothing',
  needs: ['mail'],
  access: 'anyone',
  description: 'A page that asks for the password.',
})

export const resetPassword = page({
  path: '/reset_password',
  summary: 'Show the page that the link in a reset mail opens; opening it changes nothing',
  needs: ['mail'],
  access: 'anyone',
  description: 'A page that asks for the new password.',
})
