import { type Contract, OPERATIONS, type Operation } from '../api/index.ts'
import type { AuthService } from '../auth/index.ts'

type Setting = Pick<AuthService, 'options' | 'mailer'>

/** Whether an operation is there at all: some need a mailer, or a setting. */
export function isServed({ needs }: Contract, { options, mailer }: Setting): boolean {
  // A link needs an address to lead to.
  if (needs === 'mail') return mailer !== null && options.baseUrl !== ''
  return needs === 'public_api_docs' ? options.publicApiDocs : true
}

/** The operations that are there, in the order of the documentation. */
export function servedOperations(setting: Setting): readonly Operation[] {
  return OPERATIONS.filter((operation) => isServed(operation, setting))
}
