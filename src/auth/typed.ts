/** The functions whose types depend on the schemas of metadata. They are listed here, so that no other type is computed. */
import type { MetadataTypes, StoredMetadata } from '../model/standard-schema.ts'
import type { Account } from '../model/user.ts'
import type { ConfirmEmailRequest } from './account/confirmation.ts'
import type { AccountExport } from './account/export.ts'
import type { ChangePasswordRequest } from './account/password-change.ts'
import type { PasswordResetRequest, ResetPasswordRequest, ResetToken } from './account/password-reset.ts'
import type { ProfileUpdate, UserUpdate } from './account/profile-fields.ts'
import type { Caller, SessionCaller } from './caller.ts'
import type { ConfirmTotpRequest, Enrolled } from './factors/index.ts'
import type {
  ChangeEmailByCodeRequest,
  ConfirmByCodeRequest,
  ResetByCodeRequest,
} from './mail-codes/index.ts'
import type { AddedPasskey, AddPasskeyRequest } from './passkeys/index.ts'
import type {
  EnterAddressRequest,
  EnteredAddress,
  ProviderAnswer,
  ProviderOutcome,
} from './providers/index.ts'
import type { AuthService } from './service.ts'
import type { CurrentSession, SessionDemand } from './sessions/index.ts'
import type { RenewedSession } from './sessions/start.ts'
import type {
  PasskeySignInRequest,
  PasswordSignInRequest,
  ReauthenticateRequest,
  RecoveryCodeSignInRequest,
  RecoveryCodeSignInResult,
  SignInResult,
  TotpSignInRequest,
} from './sign-in/index.ts'
import type { CreateUserRequest, UserDescription, UserQuery } from './users/index.ts'
import type { ListedUser } from './users/state.ts'

// Methods, so that a service with schemas can be passed where one without is expected.
interface TypedAccount<Metadata> {
  changePassword(request: ChangePasswordRequest, caller: SessionCaller): Promise<RenewedSession<Metadata>>
  confirmEmail(request: ConfirmEmailRequest, caller?: Caller): Promise<Account<Metadata>>
  createResetToken(request: PasswordResetRequest, caller?: Caller): Promise<ResetToken<Metadata>>
  delete(caller: SessionCaller): Promise<Account<Metadata>>
  export(caller: SessionCaller): Promise<AccountExport<Metadata>>
  get(caller: SessionCaller): Promise<Account<Metadata>>
  resetPassword(request: ResetPasswordRequest, caller?: Caller): Promise<Account<Metadata>>
  update(request: ProfileUpdate, caller: SessionCaller): Promise<Account<Metadata>>
}

interface TypedFactors<Metadata> {
  confirmTotp(request: ConfirmTotpRequest, caller: SessionCaller): Promise<Enrolled<Metadata>>
}

interface TypedMailCodes<Metadata> {
  changeEmail(request: ChangeEmailByCodeRequest, caller: SessionCaller): Promise<Account<Metadata>>
  confirmEmail(request: ConfirmByCodeRequest, caller?: Caller): Promise<SignInResult<Metadata>>
  resetPassword(request: ResetByCodeRequest, caller?: Caller): Promise<Account<Metadata>>
}

interface TypedPasskeys<Metadata> {
  add(request: AddPasskeyRequest, caller: SessionCaller): Promise<AddedPasskey<Metadata>>
}

interface TypedProviders<Metadata> {
  completeSignIn(answer: ProviderAnswer, caller: SessionCaller): Promise<ProviderOutcome<Metadata>>
  enterAddress(request: EnterAddressRequest, caller: Caller): Promise<EnteredAddress<Metadata>>
}

interface TypedSessions<Metadata> {
  current(caller: SessionCaller): Promise<CurrentSession<Metadata> | null>
  verify(demand: SessionDemand, caller: SessionCaller): Promise<CurrentSession<Metadata>>
}

interface TypedSignIn<Metadata> {
  reauthenticate(request: ReauthenticateRequest, caller: SessionCaller): Promise<RenewedSession<Metadata>>
  withPasskey(request: PasskeySignInRequest, caller: Caller): Promise<SignInResult<Metadata>>
  withPassword(request: PasswordSignInRequest, caller?: Caller): Promise<SignInResult<Metadata>>
  withRecoveryCode(
    request: RecoveryCodeSignInRequest,
    caller: Caller,
  ): Promise<RecoveryCodeSignInResult<Metadata>>
  withTotp(request: TotpSignInRequest, caller: Caller): Promise<SignInResult<Metadata>>
}

interface TypedUsers<Public extends MetadataTypes, Private extends MetadataTypes> {
  create(
    request: CreateUserRequest<Public, Private>,
    caller?: Caller,
  ): Promise<Account<StoredMetadata<Public>>>
  find(email: string): Promise<UserDescription<StoredMetadata<Public>> | null>
  list(query?: UserQuery): AsyncGenerator<ListedUser<StoredMetadata<Public>>>
  update(
    userId: number,
    changes: UserUpdate<Public, Private>,
    caller?: Caller,
  ): Promise<Account<StoredMetadata<Public>> | null>
  privateMetadata(userId: number): Promise<StoredMetadata<Private> | null>
}

/** A topic with some functions in place of its own. Mapped over the topic, so that editors show its comments. */
type With<Topic, Typed> = {
  readonly [Name in keyof Topic]: Name extends keyof Typed ? Typed[Name] : Topic[Name]
}

/** The topics that depend on the schemas of metadata. */
export interface TypedTopics<Public extends MetadataTypes, Private extends MetadataTypes> {
  readonly account: With<AuthService['account'], TypedAccount<StoredMetadata<Public>>>
  readonly factors: With<AuthService['factors'], TypedFactors<StoredMetadata<Public>>>
  readonly mailCodes: With<AuthService['mailCodes'], TypedMailCodes<StoredMetadata<Public>>>
  readonly passkeys: With<AuthService['passkeys'], TypedPasskeys<StoredMetadata<Public>>>
  readonly providers: With<AuthService['providers'], TypedProviders<StoredMetadata<Public>>>
  readonly sessions: With<AuthService['sessions'], TypedSessions<StoredMetadata<Public>>>
  readonly signIn: With<AuthService['signIn'], TypedSignIn<StoredMetadata<Public>>>
  readonly users: With<AuthService['users'], TypedUsers<Public, Private>>
}
