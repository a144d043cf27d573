import { account } from './account.ts'
import {
  appSetup,
  enrolment,
  ownFactors,
  ownPasskeys,
  passkeys,
  recoveryCodes,
  secondStep,
} from './factors.ts'
import { activity } from './notices.ts'
import { profile, userFields } from './profile.ts'
import { providers } from './providers.ts'
import { behindLink, recovery, recoveryCode } from './recovery.ts'
import { refusals } from './refusals.ts'
import { shell } from './shell.ts'
import { signIn, signOut, stepUp } from './sign-in.ts'
import { confirmCode, signUp } from './sign-up.ts'

/** The topics of the hosted pages, besides those behind mailed links. The other languages have the same. */
export const topics = {
  account,
  activity,
  behindLink,
  confirmCode,
  recovery,
  recoveryCode,
  refusals,
  shell,
  signIn,
  signOut,
  signUp,
  stepUp,
  appSetup,
  enrolment,
  ownFactors,
  ownPasskeys,
  passkeys,
  profile,
  providers,
  recoveryCodes,
  secondStep,
  userFields,
}
