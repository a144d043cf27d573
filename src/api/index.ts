/**
 * The HTTP contract as data: for each operation its fields, its answers and its refusals. Routes parse by
 * it, OpenAPI is made from it, a client can be typed by it. It holds no behaviour.
 *
 * @module
 */
import type { Operation } from './contract.ts'
import { home } from './home.ts'
import { requestPasswordReset, resetPassword } from './passwords.ts'
import { getProfile } from './profile.ts'
import { getHealth, getOpenApi, getReadiness } from './service.ts'
import { logIn, logOut } from './sessions.ts'
import { registerUser } from './users.ts'

export { errorsOf, type FieldsOf, type Operation, type SuccessOf } from './contract.ts'
export { type ErrorBody, emailTakenBody, errorBody } from './errors.ts'
export {
  getHealth,
  getOpenApi,
  getProfile,
  getReadiness,
  home,
  logIn,
  logOut,
  registerUser,
  requestPasswordReset,
  resetPassword,
}

/** Every operation, in the order of the documentation. */
export const OPERATIONS: readonly Operation[] = [
  home,
  registerUser,
  logIn,
  logOut,
  getProfile,
  requestPasswordReset,
  resetPassword,
  getHealth,
  getReadiness,
  getOpenApi,
]
