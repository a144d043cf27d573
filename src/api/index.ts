/**
 * The HTTP contract as data: the fields, answers and errors of each operation. Routes validate requests against it,
 * the OpenAPI document is generated from it, and clients take their types from it. It contains no behaviour.
 *
 * @module
 */
import * as account from './account.ts'
import type { Contract, Operation } from './contract.ts'
import * as factors from './factors.ts'
import * as identities from './identities.ts'
import * as mailCodes from './mail-codes.ts'
import * as pages from './pages/index.ts'
import * as passkeys from './passkeys.ts'
import * as providers from './providers.ts'
import * as service from './service.ts'
import * as sessions from './sessions.ts'
import * as signIn from './sign-in.ts'

export {
  bodyTypesOf,
  type Contract,
  clearsLoginCookie,
  errorsOf,
  type FieldsOf,
  type Need,
  type Operation,
  type ParamsOf,
  type RefusalOf,
  type RequestErrorCode,
  refusalsOf,
  type SuccessOf,
} from './contract.ts'
export { type ErrorBody, emailTakenBody, errorBody } from './error-body.ts'
export {
  type AccountBody,
  type CurrentSessionBody,
  newPassword,
  pendingSignIn,
  userMetadata,
} from './fields.ts'

/** The operations by topic. Each is named after its use case. */
export const TOPICS = {
  service,
  account,
  signIn,
  sessions,
  mailCodes,
  factors,
  passkeys,
  providers,
  identities,
  pages,
}

/** Every operation. Its id is `<topic>.<useCase>`. */
export const OPERATIONS: readonly Operation[] = Object.entries(TOPICS).flatMap(([topic, operations]) =>
  Object.entries(operations).map(([name, operation]: [string, Contract]) => ({
    id: `${topic}.${name}`,
    ...operation,
  })),
)
