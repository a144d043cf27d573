import { type Contract, OPERATIONS, type Operation } from '../api/index.ts'
import { type AuthService, hasMailCodes } from '../auth/index.ts'

type Configuration = Pick<AuthService, 'options' | 'mailer'>

/** Whether an operation is served. Some need a mailer or a setting. */
export function isServed({ needs }: Contract, { options, mailer }: Configuration): boolean {
  // Mailed links need a base URL.
  if (needs === 'mail') return mailer !== null && options.baseUrl !== ''
  if (needs === 'mail_codes') return hasMailCodes({ options, sendsMail: mailer !== null })
  return needs === 'public_api_docs' ? options.publicApiDocs : true
}

/** The operations that are served, in the order of the documentation. */
export function servedOperations(configuration: Configuration): readonly Operation[] {
  return OPERATIONS.filter((operation) => isServed(operation, configuration))
}
