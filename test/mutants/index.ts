import { CLASSIC } from './classic.ts'
import { CRYPTOGRAPHY } from './cryptography.ts'
import { EMAIL } from './email.ts'
import { FACTORS } from './factors.ts'
import { HTTP } from './http.ts'
import type { Mutant } from './mutant.ts'
import { OPERATION } from './operation.ts'
import { PAGES } from './pages.ts'
import { PASSKEYS } from './passkeys.ts'
import { PASSWORDS } from './passwords.ts'
import { PROVIDERS } from './providers.ts'
import { RECOVERY } from './recovery.ts'
import { SESSIONS } from './sessions.ts'
import { SIGN_IN } from './sign-in.ts'

/** The mutants in the order of `docs/security/security.md`. */
export const MUTANTS: readonly Mutant[] = [
  ...PASSWORDS,
  ...SIGN_IN,
  ...RECOVERY,
  ...SESSIONS,
  ...FACTORS,
  ...PASSKEYS,
  ...PROVIDERS,
  ...CRYPTOGRAPHY,
  ...HTTP,
  ...PAGES,
  ...EMAIL,
  ...OPERATION,
  ...CLASSIC,
]

/** Proven requirements without a mutant so far. */
export const WITHOUT_MUTANT: readonly string[] = []
