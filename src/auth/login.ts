import * as store from '../db/index.ts'
import { AuthError } from '../errors.ts'
import { type Account, accountOf, type User } from '../user.ts'
import type { Client, Context } from './context.ts'
import { assertPassword } from './passwords.ts'
import { endSession, startSession } from './sessions.ts'
import { countAttempt } from './throttle.ts'
import { assertEmail } from './users.ts'

/** What `logIn` takes. */
export interface LogInRequest extends Client {
  email: string
  password: string
  /** The session that the client bears already: it ends where the login succeeds. */
  currentSessionId?: string | null | undefined
}

/** What `logIn` gives: what comes next. Further steps will be further members of this union. */
export type LogInResult = {
  readonly next: 'signed_in'
  readonly user: Account
  /** As `createSession` gives it. */
  readonly sessionId: string
}

/** Signs a user in: every gate in order, and a new session at the end. */
export async function logIn(ctx: Context, request: LogInRequest): Promise<LogInResult> {
  assertEmail(request.email)
  assertPassword(request.password, 'password')
  const user = await passGates(ctx, request)
  const sessionId = user && (await startSession(ctx, user, { ...request, methods: ['pwd'], level: 1 }))
  if (!user || !sessionId) throw new AuthError('invalid_credentials')
  await endSession(ctx, request.currentSessionId)
  return { next: 'signed_in', user: accountOf(user), sessionId }
}

/** Whether this is the password of an account that is open. */
export async function validLogin(ctx: Context, email: string, password: string): Promise<boolean> {
  try {
    assertEmail(email)
    assertPassword(password, 'password')
  } catch {
    return false
  }
  return (await passGates(ctx, { email, password })) !== null
}

/**
 * The gates, in order: throttle, password, account state. `null` where the password or the account says
 * no. Behind the last one the counters are cleared, and the hash is renewed where the settings have changed
 * since it was made.
 */
async function passGates(ctx: Context, request: LogInRequest): Promise<User | null> {
  const attempt = await countAttempt(ctx, 'login', request)
  const user = await verifyPassword(ctx, request)
  if (user === null || user.disabledAt !== null) return null
  await attempt.succeeded()
  if (ctx.hasher.needsRehash(request.password, user.hashedPassword)) {
    await store.updatePasswordHash(ctx.db, user, await ctx.hasher.hash(request.password))
  }
  return user
}

async function verifyPassword(ctx: Context, { email, password }: LogInRequest): Promise<User | null> {
  const user = await store.findUserByEmail(ctx.db, email)
  if (user === null) {
    await ctx.hasher.verifyNothing(password)
    return null
  }
  return (await ctx.hasher.verify(password, user.hashedPassword)) ? user : null
}
