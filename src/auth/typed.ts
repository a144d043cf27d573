/** The functions whose types depend on the schemas of metadata. They are listed here, so that no other type is computed. */
import type { MetadataTypes, StoredMetadata } from '../model/standard-schema.ts'
import type { Account } from '../model/user.ts'
import type { ProfileUpdate, UserUpdate } from './account/profile-fields.ts'
import type { Caller, SessionCaller } from './caller.ts'
import type { AuthService } from './service.ts'
import type { CurrentSession, SessionDemand } from './sessions/index.ts'
import type { CreateUserRequest, UserDescription, UserQuery } from './users/index.ts'
import type { ListedUser } from './users/state.ts'

// Methods, so that a service with schemas can be passed where one without is expected.
interface TypedAccount<Public extends MetadataTypes> {
  get(caller: SessionCaller): Promise<Account<StoredMetadata<Public>>>
  update(request: ProfileUpdate, caller: SessionCaller): Promise<Account<StoredMetadata<Public>>>
}

interface TypedSessions<Public extends MetadataTypes> {
  current(caller: SessionCaller): Promise<CurrentSession<StoredMetadata<Public>> | null>
  verify(demand: SessionDemand, caller: SessionCaller): Promise<CurrentSession<StoredMetadata<Public>>>
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
  readonly account: With<AuthService['account'], TypedAccount<Public>>
  readonly sessions: With<AuthService['sessions'], TypedSessions<Public>>
  readonly users: With<AuthService['users'], TypedUsers<Public, Private>>
}
