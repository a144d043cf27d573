/**
 * Hooks: functions of the application that run at fixed points of a use case, and never inside a transaction. A hook that
 * fails or takes too long stops the use case before anything is changed.
 */
import { setTimeout } from 'node:timers/promises'
import { frozenCopy } from '../lib/frozen-copy.ts'
import { APPLICATION_LIMIT_MS, TimeLimitExceeded, withinLimit } from '../lib/time-limit.ts'
import { AuthError, HookRefusal, OptionError } from '../model/errors.ts'
import type { SignInMethod } from '../model/factors.ts'
import type { JsonObject } from '../model/json.ts'
import type { Account } from '../model/user.ts'
import type { Caller, Client } from './caller.ts'
import { AFTER_ANSWER_MS } from './context.ts'

/** Where a request comes from, as hooks see it. Without any token. */
export type HookClient = Readonly<Pick<Client, 'ip' | 'userAgent' | 'requestId' | 'acceptLanguage'>>

/** A registration that a hook may refuse. It does not say whether the address has an account. */
export interface SignUpAttempt<Metadata = JsonObject> {
  /** The address as entered, without surrounding spaces, in Unicode NFC. */
  readonly email: string
  /** The address in the form under which it is unique: lower case, the domain in punycode. Compare this one. */
  readonly normalizedEmail: string
  /** The metadata that the account would have: what the person entered into `userFields`. Empty in a sign-up through a provider. */
  readonly metadata: Metadata
}

/** A registration that created an account. */
export interface SignedUp<Metadata = JsonObject> {
  /** The new account. Unless `emailVerifiedAt` is set, the ownership of the address is not proven. */
  readonly user: Account<Metadata>
}

/** A sign-in that a hook may refuse. */
export interface SignInAttempt<Metadata = JsonObject> {
  /** The user, who is authenticated but not signed in yet. */
  readonly user: Account<Metadata>
  /**
   * How the sign-in began. `mail_code`: with a code in mail, after a registration. A second factor, if the user has one, has been
   * proven too. Later versions add methods.
   */
  readonly method: SignInMethod
}

/**
 * Functions of the application. Each gets frozen copies without any password, hash or token, and has 5 seconds. It runs
 * outside of transactions, so it may call `auth` and wait for other systems.
 *
 * A `before…` hook refuses by throwing a {@link HookRefusal}, and allows by returning nothing. If it throws anything else
 * or returns a value, the answer is `internal_error`; if it takes longer than 5 seconds, `unavailable`. Both are logged,
 * and nothing is changed.
 */
export interface Hooks<Metadata = JsonObject> {
  /**
   * Runs in `account.register` (`POST /users`), after the limits and the password rules, and before the address is
   * looked up. It is called for every address, so do not make the answer depend on whether your own records know the
   * address. `users.create`, `registerUser` and imports do not call it, because the program decides there.
   */
  beforeSignUp?: ((attempt: SignUpAttempt<Metadata>, client: HookClient) => void | Promise<void>) | undefined
  /**
   * Runs after `account.register` has created an account, a moment after the answer, so that the answer does not reveal
   * it. Nothing waits for it except `close`. If it throws, that is logged and changes nothing. It does not run if the
   * process ends first.
   */
  afterSignUp?: ((signedUp: SignedUp<Metadata>, client: HookClient) => void | Promise<void>) | undefined
  /**
   * Runs in every sign-in that authenticates a user, as the last gate before the session starts. A refusal tells the
   * client that the password was right, and does not count as a wrong one. Re-authentication and a change of password
   * renew a session and do not call it. Neither does `sessions.create`, where the program vouches for the user.
   */
  beforeSignIn?: ((attempt: SignInAttempt<Metadata>, client: HookClient) => void | Promise<void>) | undefined
}

/** Called when a hook failed. */
type OnHookFault = (what: string, error: unknown, details: Record<string, unknown>) => void

/** The hooks, as use cases call them. */
export interface HookRunner {
  /** @returns The refusal, or `null`. @throws {AuthError} `internal_error` or `unavailable`: the hook failed. */
  beforeSignUp(attempt: SignUpAttempt, caller: Caller): Promise<HookRefusal | null>
  /** @returns The refusal, or `null`. @throws {AuthError} `internal_error` or `unavailable`: the hook failed. */
  beforeSignIn(attempt: SignInAttempt, caller: Caller): Promise<HookRefusal | null>
  /** Starts the hook a moment later. Call this after the commit. */
  afterSignUp(signedUp: SignedUp, caller: Caller): void
  /** Resolves when no hook is running. */
  idle(): Promise<void>
}

type Hook<Subject> = ((subject: Subject, client: HookClient) => void | Promise<void>) | undefined

/** Checks the hooks and makes them callable. @throws {OptionError} `hooks` has an unknown name or is not functions. */
export function openHooks(hooks: Hooks, onFault: OnHookFault): HookRunner {
  assertHooks(hooks)
  const running = new Set<Promise<void>>()

  function run<Subject extends object>(
    hook: NonNullable<Hook<Subject>>,
    subject: Subject,
    caller: Caller,
  ): Promise<unknown> {
    const { ip, userAgent, requestId, acceptLanguage } = caller
    const client = frozenCopy({ ip, userAgent, requestId, acceptLanguage })
    return withinLimit(APPLICATION_LIMIT_MS, () => hook(frozenCopy(subject), client))
  }

  function report(name: keyof Hooks, error: unknown, { requestId }: Caller): void {
    const took = error instanceof TimeLimitExceeded ? 'took longer than 5 s' : 'failed'
    onFault(`the hook ${name} ${took}`, error, { requestId })
  }

  async function ask<Subject extends object>(
    name: keyof Hooks,
    hook: Hook<Subject>,
    subject: Subject,
    caller: Caller,
  ): Promise<HookRefusal | null> {
    if (hook === undefined) return null
    try {
      // `return false` looks like a refusal, so it must not allow anything.
      if ((await run(hook, subject, caller)) !== undefined) throw new TypeError('a hook must return nothing')
      return null
    } catch (error) {
      if (error instanceof HookRefusal) return error
      report(name, error, caller)
      const code = error instanceof TimeLimitExceeded ? 'unavailable' : 'internal_error'
      throw new AuthError(code, { cause: error })
    }
  }

  return {
    beforeSignUp: (attempt, caller) => ask('beforeSignUp', hooks.beforeSignUp, attempt, caller),
    beforeSignIn: (attempt, caller) => ask('beforeSignIn', hooks.beforeSignIn, attempt, caller),
    afterSignUp(signedUp, caller) {
      const hook = hooks.afterSignUp
      if (hook === undefined) return
      const done = setTimeout(AFTER_ANSWER_MS)
        .then(() => run(hook, signedUp, caller))
        .catch((error: unknown) => report('afterSignUp', error, caller))
        .then(() => void running.delete(done))
      running.add(done)
    },
    idle: () => Promise.all(running).then(() => {}),
  }
}

const NAMES: Readonly<Record<keyof Hooks, true>> = {
  beforeSignUp: true,
  afterSignUp: true,
  beforeSignIn: true,
}

function assertHooks(hooks: unknown): asserts hooks is Hooks {
  if (typeof hooks !== 'object' || hooks === null) throw new OptionError('hooks', 'expected an object')
  for (const [name, hook] of Object.entries(hooks)) {
    if (!Object.hasOwn(NAMES, name))
      throw new OptionError('hooks', `${name} is not a hook; the hooks are ${Object.keys(NAMES).join(', ')}`)
    if (hook !== undefined && typeof hook !== 'function')
      throw new OptionError('hooks', `${name} must be a function`)
  }
}
