/** Every use case of the engine, by name: what `openEngine` binds to a context. */
export { logIn, validLogin } from './login.ts'
export { deleteExpired } from './maintenance.ts'
export { getResetPasswordToken, requestPasswordReset, resetPassword, updatePassword } from './reset.ts'
export { createSession, destroySession, endSession, getUserFromSessionId } from './sessions.ts'
export { deleteUser, describeUser, disableUser, enableUser, listUsers, registerUser } from './users.ts'
