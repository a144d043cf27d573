/**
 * The use cases of the service, without HTTP and without SQL. Each is a function `(ctx, input, caller)` in the folder
 * of its topic. `service.ts` binds them to one context.
 *
 * This layer owns the rules: who may do what, in which order, and what expires when. `db` owns the rows, and `app` owns
 * HTTP.
 *
 * @module
 */
export type { AuditEntry, AuditQuery, AuditRecord, MailProblem, SessionSummary } from '../db/index.ts'
export type {
  AccountExport,
  ChangeEmailRequest,
  ChangePasswordRequest,
  ConfirmationRequest,
  ConfirmEmailRequest,
  PasswordResetRequest,
  RegisterRequest,
  RegisterResult,
  ResetPasswordRequest,
  ResetToken,
} from './account/index.ts'
export type { NewAccount } from './account/new-account.ts'
export type { ProfileUpdate, UserUpdate } from './account/profile-fields.ts'
export type { Actor, Caller, Client, Presented, SessionCaller } from './caller.ts'
export type { Removed } from './cleanup.ts'
export type {
  ConfirmTotpRequest,
  Enrolled,
  FactorInfo,
  FactorList,
  SecondFactorRequest,
  TotpSetup,
} from './factors/index.ts'
export type { HookClient, Hooks, SignedUp, SignInAttempt, SignUpAttempt } from './hooks.ts'
export type { IdentityInfo, LinkRequest, UnlinkRequest } from './identities/index.ts'
export { hasMailCodes } from './mail-codes/available.ts'
export type {
  ChangeEmailByCodeRequest,
  ConfirmByCodeRequest,
  MailCodeRequest,
  ResetByCodeRequest,
} from './mail-codes/index.ts'
export { isBrowserToken } from './mail-codes/issue.ts'
export type {
  AddedPasskey,
  AddPasskeyRequest,
  CeremonyRequest,
  PasskeyCreationOptions,
  PasskeyInfo,
  PasskeyRequestOptions,
  RemovePasskeyRequest,
  RenamePasskeyRequest,
  StartedCeremony,
} from './passkeys/index.ts'
export type { FirebaseProject } from './passwords/hashing/firebase.ts'
export { hashPassword } from './passwords/password.ts'
export type {
  AddProviderRequest,
  BackchannelLogoutRequest,
  Discovered,
  EnterAddressRequest,
  EnteredAddress,
  FurtherStep,
  ProviderAnswer,
  ProviderCheck,
  ProviderDetails,
  ProviderInfo,
  ProviderOutcome,
  ProviderReauthenticationRequest,
  ProviderSignInRequest,
  ReplaceSecretRequest,
  StartedFlow,
  WaitingIdentity,
} from './providers/index.ts'
export type { Resealed } from './secrets/index.ts'
export { type AuthService, openAuthService } from './service.ts'
export type {
  CreateSessionRequest,
  CurrentSession,
  EndSessionRequest,
  SessionDemand,
  SessionInfo,
} from './sessions/index.ts'
export type { RenewedSession, StartedSession } from './sessions/start.ts'
export { DEVICE_LIFETIME_SECONDS } from './sign-in/devices.ts'
export type {
  AwaitedSignIn,
  PasskeySignInRequest,
  PasswordSignInRequest,
  PendingSignIn,
  ReauthenticateRequest,
  RecoveryCodeSignInRequest,
  RecoveryCodeSignInResult,
  SignedIn,
  SignInResult,
  TotpSignInRequest,
} from './sign-in/index.ts'
export { USER_FIELDS } from './transfer/imported-user.ts'
export type {
  ExportedUser,
  ExportOptions,
  FinishedRestore,
  FinishRestoreRequest,
  ImportItem,
  ImportOptions,
  ImportStep,
} from './transfer/index.ts'
export type { ExportedFactors, ExportedIdentity, ExportedPasskey } from './transfer/moving-factors.ts'
export type {
  CreateUserRequest,
  RequireSecondFactorRequest,
  RevokeFactorsRequest,
  SetEmailRequest,
  UserDescription,
  UserQuery,
} from './users/index.ts'
export { ACCOUNT_STATES, type AccountState, type ListedUser } from './users/state.ts'
