import { errors } from './errors.ts'

const INCOMPLETE = {
  heading: 'This link is incomplete',
  paragraphs: [
    'To keep the link secret, this page forgets it when you reload or close the page.',
    'Open the link in the email again, or copy all of it into your browser.',
  ],
}

/** The pages that mailed links open. */
export const pages = {
  /** The label of the button that shows the password. */
  reveal: 'Show password',
  resetPassword: {
    ask: {
      heading: 'Choose a new password',
      paragraphs: ['It replaces your old password and signs you out on all devices.'],
      label: 'New password',
      hint: 'Several unrelated words are easy to remember and hard to guess.',
      submit: 'Set password',
      sending: 'Setting password…',
    },
    done: {
      heading: 'Your password has been changed',
      paragraphs: [
        'You have been signed out on all devices. Sign in with your new password.',
        'You can close this page.',
      ],
    },
    invalidLink: {
      heading: 'This link is no longer valid',
      paragraphs: [
        'A link works only once and for a limited time.',
        'If you have just used it to set a password, sign in with that password. Otherwise, request a new link.',
      ],
    },
    incomplete: INCOMPLETE,
    noScript: 'This page needs JavaScript to set your password. Enable JavaScript, then reload the page.',
    passwordProblems: errors.newPassword,
  },
  /** Replaces the paragraphs of `resetPassword` if a reset does not end the account's sessions. */
  resetKeepsSessions: {
    ask: ['It replaces your old password. Your other devices stay signed in.'],
    done: ['Sign in with your new password.', 'You can close this page.'],
  },
  confirmEmail: {
    ask: {
      heading: 'Confirm your email address',
      paragraphs: [
        'Enter the password of your account to show that the account is yours, not just the address.',
        'If you did not request this, close this page. Nothing will change.',
      ],
      label: 'Password',
      hint: '',
      submit: 'Confirm address',
      sending: 'Confirming…',
    },
    done: {
      heading: 'Your email address is confirmed',
      paragraphs: ['From now on, sign in with this address.', 'You can close this page.'],
    },
    invalidLink: {
      heading: 'This link is no longer valid',
      paragraphs: [
        'A link works only once and for a limited time.',
        'If you have already confirmed this address, sign in. Otherwise, request a new link.',
      ],
    },
    incomplete: INCOMPLETE,
    noScript: 'This page needs JavaScript to confirm your address. Enable JavaScript, then reload the page.',
    passwordProblems: errors.currentPassword,
  },
  /** All other problems, by error code. */
  problems: errors.request,
}
