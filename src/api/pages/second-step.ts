/** The pages of a pending sign-in, which waits for a second factor or for one to be set up. */
import { z } from 'zod'
import * as factorOperations from '../factors.ts'
import { ceremony, recoveryCode, totpCode } from '../fields.ts'
import * as passkeyOperations from '../passkeys.ts'
import * as signInOperations from '../sign-in.ts'
import { credentialText, returnTo, SIGNED_IN, waitingEmail, waitingSignIn } from './fields.ts'
import { form, page } from './page.ts'

/** What every form of these pages sends. */
const waiting = { pending: waitingSignIn, email: waitingEmail, return_to: returnTo }

export const showSecondStep = page({
  path: '/sign_in/factor',
  summary: 'Show the page that asks for the second factor',
  needs: ['pages', 'factors'],
  access: 'pending',
  description: 'A page that asks for a code or a passkey.',
})

export const proveTotp = form({
  path: '/sign_in/factor',
  summary: 'Finish a sign-in with a code from the authenticator app',
  needs: ['pages', 'totp'],
  access: 'pending',
  throttle: signInOperations.withTotp.throttle,
  audit: signInOperations.withTotp.audit,
  body: z.strictObject({ code: totpCode, ...waiting }),
  success: SIGNED_IN,
  errors: signInOperations.withTotp.errors,
})

export const proveRecoveryCode = form({
  path: '/sign_in/factor/recovery_code',
  summary: 'Finish a sign-in with a recovery code',
  needs: ['pages', 'factors'],
  access: 'pending',
  throttle: signInOperations.withRecoveryCode.throttle,
  audit: signInOperations.withRecoveryCode.audit,
  body: z.strictObject({ recovery_code: recoveryCode, ...waiting }),
  success: {
    status: 200,
    description: 'The user is signed in. The page shows the code that replaces the used one, once.',
    page: true,
    setsCookie: true,
  },
  errors: signInOperations.withRecoveryCode.errors,
})

export const provePasskey = form({
  path: '/sign_in/factor/passkey',
  summary: 'Finish a sign-in with a passkey',
  needs: ['pages', 'passkeys'],
  access: 'pending',
  audit: signInOperations.withPasskey.audit,
  body: z.strictObject({ ceremony, credential: credentialText, ...waiting }),
  success: SIGNED_IN,
  errors: signInOperations.withPasskey.errors,
})

export const cancelSignIn = form({
  path: '/sign_in/cancel',
  summary: 'Cancel a pending sign-in',
  needs: ['pages', 'factors'],
  access: 'anyone',
  body: z.strictObject({ return_to: returnTo }),
  success: {
    status: 303,
    description: 'The sign-in is canceled. The browser goes on to `/sign_in`.',
    clearsLoginCookie: true,
  },
})

export const showEnrolment = page({
  path: '/sign_in/enrol',
  summary: 'Show the page that sets up the second factor that a sign-in requires',
  needs: ['pages', 'factors'],
  access: 'pending',
  description: 'A page with the ways to set up a second factor.',
})

export const enrolPasskey = form({
  path: '/sign_in/enrol/passkey',
  summary: 'Add the passkey that a sign-in requires',
  needs: ['pages', 'passkeys'],
  access: 'pending',
  audit: passkeyOperations.add.audit,
  body: z.strictObject({ ceremony, credential: credentialText, ...waiting }),
  success: {
    status: 200,
    description: 'The user is signed in. The page shows the recovery codes, once.',
    page: true,
    setsCookie: true,
  },
  errors: passkeyOperations.add.errors,
})

export const showEnrolmentApp = page({
  path: '/sign_in/enrol/app',
  summary: 'Show the page that sets up the authenticator app that a sign-in requires',
  needs: ['pages', 'totp'],
  access: 'pending',
  description:
    'A page with the key for the app. If this sign-in has not started a set-up, the answer is 303 to `/sign_in/enrol`.',
})

export const startEnrolmentApp = form({
  path: '/sign_in/enrol/app/start',
  summary: 'Start to set up the authenticator app that a sign-in requires',
  needs: ['pages', 'totp'],
  access: 'pending',
  body: z.strictObject(waiting),
  success: {
    status: 303,
    description: 'The set-up has started. The browser goes on to `/sign_in/enrol/app`.',
  },
})

export const enrolApp = form({
  path: '/sign_in/enrol/app',
  summary: 'Confirm the authenticator app that a sign-in requires',
  needs: ['pages', 'totp'],
  access: 'pending',
  throttle: factorOperations.confirmTotp.throttle,
  audit: factorOperations.confirmTotp.audit,
  body: z.strictObject({ code: totpCode, ...waiting }),
  success: {
    status: 200,
    description: 'The user is signed in. The page shows the recovery codes, once.',
    page: true,
    setsCookie: true,
  },
  errors: factorOperations.confirmTotp.errors,
})
