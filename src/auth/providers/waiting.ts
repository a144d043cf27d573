/** People who came back from a provider and have no account yet, or one that is not connected to the identity. */
import * as store from '../../db/index.ts'
import { AuthError, Conflict } from '../../model/errors.ts'
import type { JsonObject } from '../../model/json.ts'
import { accountOf, NO_PASSWORD, storedEmail, type User } from '../../model/user.ts'
import { assertEmail } from '../account/address.ts'
import { addConfirmable } from '../account/new-account.ts'
import { addOrNotify, askBeforeSignUp } from '../account/sign-up.ts'
import type { Caller, SessionCaller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { addIdentityOf, connect as connectIdentity } from '../identities/connect.ts'
import { requireStrongSession } from '../sessions/guards.ts'
import type { SignInResult } from '../sign-in/admit.ts'
import { countAttempt } from '../sign-in/throttle.ts'
import { requireFlow } from './flows.ts'
import { requireProvider } from './provider.ts'
import { type Arrival, type FurtherStep, removeEarlier, signInAs, stepFor } from './sign-in.ts'
import type { ProviderInfo } from './start.ts'

/** What a person at a provider has to do next. */
export interface WaitingIdentity extends FurtherStep {
  readonly provider: ProviderInfo
  /** The address there, or `null`. */
  readonly email: string | null
  /** Where the browser goes afterwards. */
  readonly returnTo: string | null
}

/**
 * What the flow of the caller waits for.
 *
 * @throws {AuthError} `login_flow_required`: nothing waits in this browser.
 */
export async function waiting(ctx: Context, caller: Caller): Promise<WaitingIdentity> {
  const { flow, provider, identification } = await requireWaiting(ctx, caller)
  const { id, name } = provider
  const { email } = identification
  return {
    next: stepFor(identification),
    flow: flow.id,
    provider: { id, name },
    email,
    returnTo: flow.returnTo,
  }
}

/**
 * Connects the identity in the flow of the caller to the account of their session.
 *
 * @returns Where the browser goes afterwards.
 * @throws {AuthError} `login_flow_required`; `identity_taken`: another account has the identity; what
 *   `requireStrongSession` throws.
 */
export async function connect(
  ctx: Context,
  caller: SessionCaller,
): Promise<{ readonly returnTo: string | null }> {
  const live = await requireStrongSession(ctx, caller)
  const { flow, provider, identification } = await requireWaiting(ctx, caller)
  await connectIdentity(ctx, live, { provider, identification }, (tx) => take(tx, flow))
  return { returnTo: flow.returnTo }
}

/** What {@link enterAddress} takes. */
export interface EnterAddressRequest {
  email: string
}

/** What {@link enterAddress} returns: who is signed in, or that the address must be confirmed first. */
export type EnteredAddress<Metadata = JsonObject> =
  | SignInResult<Metadata>
  | { readonly next: 'confirm_email'; readonly email: string }

/**
 * Creates the account of a person whose provider gave no verified address, with the address that they enter. With
 * `options.emailVerification`, it can sign in once the address is confirmed with the code from the mail, in the browser
 * of `caller.browserToken`. With uniform answers, a taken address gets the same answer, and its owner a mail. Counts as
 * a registration.
 *
 * @throws {AuthError} `login_flow_required`; `registration_closed`; `refused_by_application` with `applicationCode`;
 *   `email_taken`: only with explicit answers; `invalid_email`, `missing_field` or `invalid_field` with `field`;
 *   `too_many_attempts` with `retryAfterSeconds`.
 */
export async function enterAddress(
  ctx: Context,
  { email }: EnterAddressRequest,
  caller: Caller,
): Promise<EnteredAddress> {
  const arrival = await requireWaiting(ctx, caller)
  if (stepFor(arrival.identification) !== 'address_required') throw new AuthError('login_flow_required')
  if (ctx.options.registration === 'closed' || !arrival.provider.createsAccounts)
    throw new AuthError('registration_closed')
  assertEmail(email)
  await countAttempt(ctx, 'registration', { email }, caller)
  await askBeforeSignUp(ctx, email, caller)
  const added = await inTransaction(ctx, (tx) => addWithAddress(tx, email, arrival, caller))
  if (added !== null) ctx.hooks.afterSignUp({ user: accountOf(added.user) }, caller)
  if (ctx.options.emailVerification || added === null)
    return { next: 'confirm_email', email: storedEmail(email) }
  return signInAs(ctx, added.identity, arrival, caller)
}

/** @returns The new account and its identity, or `null`: the address is taken. */
async function addWithAddress(
  tx: TxContext,
  email: string,
  { provider, identification }: Arrival,
  caller: Caller,
): Promise<{ readonly user: User; readonly identity: store.Identity } | null> {
  await removeEarlier(tx, identification, caller)
  const account = { email, password: '', profile: { name: null } }
  const uniform = tx.options.registrationAnswer === 'uniform'
  try {
    const added = { hashedPassword: NO_PASSWORD, repeated: null }
    const user = uniform
      ? await addOrNotify(tx, account, added, caller)
      : await addConfirmable(tx, account, NO_PASSWORD, caller)
    if (user === null) return null
    // No notice: the address may be that of somebody else.
    const silently = { notifies: false }
    return { user, identity: await addIdentityOf(tx, user, { provider, identification }, caller, silently) }
  } catch (error) {
    throw error instanceof Conflict ? new AuthError('email_taken', { cause: error }) : error
  }
}

async function take(tx: TxContext, flow: store.LoginFlow): Promise<void> {
  if (!(await store.takeLoginFlow(tx.db, flow.id))) throw new AuthError('login_flow_required')
}

async function requireWaiting(ctx: Context, caller: Caller): Promise<Arrival> {
  const { flow } = await requireFlow(ctx, caller)
  const { identification } = flow
  if (identification === null) throw new AuthError('login_flow_required')
  return { flow, identification, provider: await requireProvider(ctx, flow.providerId) }
}
