/**
 * The HTTP contract as data: for each operation its fields, its answers and its refusals. Routes parse by
 * it, OpenAPI is made from it, a client can be typed by it. It holds no behaviour.
 *
 * @module
 */
import { confirmEmail, confirmEmailPage, requestConfirmation } from './confirmation.ts'
import type { Operation } from './contract.ts'
import { home, homeAfterLogout } from './home.ts'
import { changePassword, requestPasswordReset, resetPassword, resetPasswordPage } from './passwords.ts'
import { changeEmail, deleteProfile, exportProfile, getProfile } from './profile.ts'
import { getHealth, getOpenApi, getReadiness } from './service.ts'
import { endOtherSessions, endSession, listSessions, logIn, logOut, reauthenticate } from './sessions.ts'
import { registerUser } from './users.ts'

export {
  bodyTypesOf,
  errorsOf,
  type FieldsOf,
  type Operation,
  type ParamsOf,
  type SuccessOf,
} from './contract.ts'
export { type ErrorBody, emailTakenBody, errorBody } from './errors.ts'
export { newPassword } from './fields.ts'
export {
  changeEmail,
  changePassword,
  confirmEmail,
  confirmEmailPage,
  deleteProfile,
  endOtherSessions,
  endSession,
  exportProfile,
  getHealth,
  getOpenApi,
  getProfile,
  getReadiness,
  home,
  homeAfterLogout,
  listSessions,
  logIn,
  logOut,
  reauthenticate,
  registerUser,
  requestConfirmation,
  requestPasswordReset,
  resetPassword,
  resetPasswordPage,
}

/** Every operation, in the order of the documentation. */
export const OPERATIONS: readonly Operation[] = [
  home,
  homeAfterLogout,
  registerUser,
  logIn,
  logOut,
  getProfile,
  requestPasswordReset,
  resetPassword,
  requestConfirmation,
  confirmEmail,
  listSessions,
  endOtherSessions,
  endSession,
  reauthenticate,
  changePassword,
  changeEmail,
  exportProfile,
  deleteProfile,
  confirmEmailPage,
  resetPasswordPage,
  getHealth,
  getReadiness,
  getOpenApi,
]
