import { type Contract, type Need, OPERATIONS, type Operation } from '../api/index.ts'
import { type AuthService, hasMailCodes } from '../auth/index.ts'
import { relyingPartyOf } from '../lib/relying-party.ts'
import { hasKey } from '../options/index.ts'

type Configuration = Pick<AuthService, 'options' | 'mailer'>

/** Whether each part of the configuration is present. */
const IS_MET: Readonly<Record<Need, (configuration: Configuration) => boolean>> = {
  // Mailed links need a base URL.
  mail: ({ options, mailer }) => mailer !== null && options.baseUrl !== '',
  mail_codes: ({ options, mailer }) => hasMailCodes({ options, sendsMail: mailer !== null }),
  mailed_resets: ({ options }) => options.resetTokenDelivery === 'mail',
  confirmation: ({ options }) => options.emailVerification,
  open_registration: ({ options }) => options.registration === 'open',
  pages: ({ options }) => options.pages,
  public_api_docs: ({ options }) => options.publicApiDocs,
  totp: ({ options }) => options.secondFactor !== 'off' && hasKey(options),
  passkeys: ({ options }) => relyingPartyOf(options) !== null,
  related_origins: (configuration) =>
    IS_MET.passkeys(configuration) && configuration.options.passkeyOrigins !== '',
  // Providers send people back to the base URL, and the stored client secrets need a key that survives a restart.
  providers: ({ options }) => options.baseUrl !== '' && options.secretKey !== '',
  factors: (configuration) => IS_MET.totp(configuration) || IS_MET.passkeys(configuration),
}

/** Whether an operation is served. */
export function isServed({ needs = [] }: Contract, configuration: Configuration): boolean {
  return needs.every((need) => IS_MET[need](configuration))
}

/** The operations that are served, in the order of the documentation. */
export function servedOperations(configuration: Configuration): readonly Operation[] {
  return OPERATIONS.filter((operation) => isServed(operation, configuration))
}
