/** The types of the client. They are derived from the contract in `api/`, so a changed field or refusal breaks the build. */
import type {
  Contract,
  FieldsOf,
  ParamsOf,
  RefusalOf,
  RequestErrorCode,
  SuccessOf,
  TOPICS,
} from '../api/index.ts'
import type { StepUpMethod } from '../model/factors.ts'

export type Topics = typeof TOPICS

/** Operations without a client method: only a browser can show a page or follow a redirect, and only other servers send a form. */
type LeftOut = { tag: 'page' } | { form: true } | { success: { status: 302 } }

type Names<Operations> = keyof {
  [Name in keyof Operations as Operations[Name] extends LeftOut ? never : Name]: 0
}

/** How the client calls an operation. */
export interface Route {
  readonly method: Contract['method']
  /** With parameters in braces, as in `/sessions/{id}`. */
  readonly path: string
  /** Whether it has a body, with every field that is not in the path. */
  readonly body?: true
  /** Whether it has the field `transport`, which says how the client will present the session token. */
  readonly transport?: true
  /** Whether it needs a session, begins one (as a new session token does), or ends it. */
  readonly session?: 'needed' | 'begins' | 'ends'
}

/** A route for each operation, under its topic. */
export type Routes = {
  readonly [Topic in keyof Topics as Names<Topics[Topic]> extends never ? never : Topic]: {
    readonly [Name in Names<Topics[Topic]>]: Topics[Topic][Name] extends Contract
      ? Route & Pick<Topics[Topic][Name], 'method' | 'path'>
      : never
  }
}

/**
 * The codes that any operation may answer with. They depend on HTTP, the form of the request, the state of the service or
 * a wrong `baseUrl`. All other codes of an operation are its own refusals.
 *
 * `invalid_response` comes from the client: the answer is not from the service, but for example an error page of a proxy.
 */
export type GeneralErrorCode = RequestErrorCode | 'not_found' | 'method_not_allowed' | 'invalid_response'

/** A refusal. Switch on its `code`. */
export interface ClientError<Code extends string = string> {
  /** Codes are stable. A newer service may send one that this version of the client does not know. */
  readonly code: Code
  /** For people to read, in English. Its wording may change. */
  readonly message: string
  /** The HTTP status. 0 if a browser hides it, as it does for a redirect. */
  readonly status: number
  /** The field at fault, if it is one field. */
  readonly field?: string
  /** When to try again, in seconds from now. */
  readonly retryAfterSeconds?: number
  /** With `password_too_short`: the minimum number of characters. */
  readonly minLength?: number
  /** With `password_too_long`: the maximum number of bytes of UTF-8. */
  readonly maxBytes?: number
  /** With `refused_by_application`: the code that the application behind the service chose. */
  readonly applicationCode?: string
  /** With `reauthentication_required` and `second_factor_required`: what `signIn.reauthenticate` takes from this user. */
  readonly accepts?: readonly StepUpMethod[]
  /** Finds the reason in the log of the service. Missing with `email_taken` and `invalid_response`. */
  readonly requestId?: string
}

/** What a call resolves to. */
export type Result<Data, Code extends string = string> =
  | { readonly ok: true; readonly data: Data }
  | { readonly ok: false; readonly error: ClientError<Code> }

/** `AbortSignal`, if the platform has it. */
type Signal = typeof globalThis extends { AbortSignal: { prototype: infer Given } } ? Given : never

/** The last argument of each call. */
export interface CallOptions {
  /** Aborts the request. The call then rejects with the reason of the signal. */
  readonly signal?: Signal | undefined
  /**
   * Sends this bearer token instead of that of the session: the `login_token` of a sign-in that waits, for `signIn.pending` and
   * `signIn.cancel`.
   */
  readonly token?: string | undefined
}

/** What an operation answers. Names and values are the same as in HTTP: times are ISO 8601 text in UTC. */
type Data<Given extends Contract> = [SuccessOf<Given>] extends [never] ? undefined : SuccessOf<Given>

/**
 * The method of an operation. With `infer`, the template and the mapped type, editors show the fields and codes instead of the
 * types that they are derived from.
 */
export type Method<Given> = Given extends Contract
  ? [FieldsOf<Given> & ParamsOf<Given>, `${RefusalOf<Given>}`] extends [
      infer Fields,
      infer Code extends string,
    ]
    ? keyof Fields extends never
      ? (options?: CallOptions) => Promise<Result<Data<Given>, Code | GeneralErrorCode>>
      : (
          fields: { [Name in keyof Fields]: Fields[Name] },
          options?: CallOptions,
        ) => Promise<Result<Data<Given>, Code | GeneralErrorCode>>
    : never
  : never

/** The part of a response that the client reads. */
export interface AnyResponse {
  readonly ok: boolean
  readonly status: number
  readonly headers: { get(name: string): string | null }
  text(): Promise<string>
}

/** The part of `fetch` that the client uses. */
export type Fetch = (
  url: string,
  init: {
    method: Contract['method']
    headers: Record<string, string>
    credentials: 'include' | 'omit'
    redirect: 'manual'
    body?: string
    signal?: Signal
  },
) => Promise<AnyResponse>

type Token = string | null | undefined

/** Where your app keeps the session token of a bearer session, such as the keychain of a phone. */
export interface TokenStore {
  /** The token, or nothing if nobody is signed in. Called before each request. */
  get(): Token | Promise<Token>
  /** Stores a new token. `null`: removes the token, because the session has ended. */
  set(token: string | null): unknown
}

/** The options of `createClient`. */
export interface ClientOptions {
  /**
   * Where the service is, such as `https://auth.example.com` or `https://example.com/auth`. In a browser it can be a path,
   * such as `/auth`, or empty for the origin of the page.
   */
  readonly baseUrl: string
  /** Sends the requests. Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined
  /**
   * Uses a bearer token instead of the session cookie. With a store, the client keeps the token of each new session there.
   * Pass a function if other code keeps the token.
   */
  readonly token?: TokenStore | TokenStore['get'] | undefined
}

/** The signed-in user and the session. Both are null if nobody is signed in. */
export type CurrentSession = Data<Topics['sessions']['current']>

/**
 * Who is signed in, as state for a user interface. It works with Svelte (`$session`), React's `useSyncExternalStore` and
 * Vue's `shallowRef`.
 *
 * While there are subscribers, the client asks the service again when the window gets the focus or the page is shown, and
 * after each successful call that can change something.
 */
export interface SessionStore {
  /** Asks the service. Simultaneous calls share one request. */
  get(): ReturnType<Method<Topics['sessions']['current']>>
  /**
   * Calls the listener at once with the current value, and again at each change. `undefined`: there is no answer yet. A failed
   * refresh changes nothing.
   *
   * @returns Ends the subscription.
   */
  subscribe(listener: (current: CurrentSession | undefined) => void): () => void
  /** The current value. The same object until something changes. */
  getSnapshot(): CurrentSession | undefined
}
