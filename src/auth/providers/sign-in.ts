/**
 * Decides which account a person at a provider has. Only the pair of issuer and subject identifies them. An address
 * alone does not, because somebody else may have created the account in advance (arXiv 2205.10174).
 */
import * as store from '../../db/index.ts'
import { AuthError, Conflict } from '../../model/errors.ts'
import type { Identification } from '../../model/providers.ts'
import { accountOf, NO_PASSWORD, normalizeEmail, storedEmail, type User } from '../../model/user.ts'
import { disown } from '../account/disown.ts'
import { addConfirmable } from '../account/new-account.ts'
import { checkName } from '../account/profile-values.ts'
import { removeAccount } from '../account/removal.ts'
import { askBeforeSignUp } from '../account/sign-up.ts'
import { record } from '../audit/record.ts'
import { asUser, type Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { addIdentityOf } from '../identities/connect.ts'
import { admit, type SignInResult } from '../sign-in/admit.ts'
import type { GateRefusal } from '../sign-in/gates.ts'
import { UNCOUNTED } from '../sign-in/throttle.ts'
import { requireProvider } from './provider.ts'

/** A step that is missing before the person has an account here. */
export interface FurtherStep {
  /**
   * `account_exists`: an account has the address. Its owner must sign in as usual, and can then connect the identity.
   * `address_required`: the provider gave no address, or one that it has not verified.
   */
  readonly next: 'account_exists' | 'address_required'
  /** Names the flow, for the next step. It grants no access. */
  readonly flow: string
}

/** A person who came back from a provider. */
export interface Arrival {
  readonly flow: store.LoginFlow
  readonly provider: store.Provider
  readonly identification: Identification
}

/** Signs a person in, creates their account, or says which step is missing. */
export async function signInWith(
  ctx: Context,
  arrival: Arrival,
  caller: Caller,
): Promise<SignInResult | FurtherStep> {
  const identity = await store.findIdentity(ctx.db, arrival.identification)
  if (identity !== null) {
    // The address that the person entered was not confirmed. They can enter it again.
    const mustEnter = ctx.options.emailVerification && (await isWithoutAddress(ctx, identity, arrival))
    if (!mustEnter) return signInAs(ctx, identity, arrival, caller)
  }
  const { provider, identification } = arrival
  const { email } = identification
  if (email === null || stepFor(identification) === 'address_required') return waitFor(ctx, arrival)
  const owner = await store.findUserByEmail(ctx.db, email)
  if (owner === null && (ctx.options.registration === 'closed' || !provider.createsAccounts))
    throw new AuthError('registration_closed')
  // The provider now gives a verified address, so the earlier account, which waits for another one, is not needed.
  if (identity !== null) await inTransaction(ctx, (tx) => removeEarlier(tx, identification, caller))
  if (owner === null) return signUp(ctx, { ...arrival, email }, caller)
  if (provider.linking === 'ask') return waitFor(ctx, arrival)
  try {
    const connected = await inTransaction(ctx, (tx) => claim(tx, owner, arrival, caller))
    return await signInAs(ctx, connected, arrival, caller)
  } catch (error) {
    // Another request came first, with the same identity.
    if (error instanceof Conflict) return signInWith(ctx, arrival, caller)
    throw error
  }
}

/**
 * Whether the account of an identity was created for it, and still waits for the confirmation of its address. If the
 * provider has verified that address, confirms it instead. An imported account, for example, may be unconfirmed without
 * waiting.
 */
async function isWithoutAddress(
  ctx: Context,
  { userId }: store.Identity,
  { identification: { email, emailVerified } }: Arrival,
): Promise<boolean> {
  const user = await store.findUserById(ctx.db, userId)
  if (user?.emailVerifiedAt !== null || user.hashedPassword !== NO_PASSWORD) return false
  return inTransaction(ctx, async (tx) => {
    const locked = await store.lockUser(tx.db, userId)
    if (locked?.emailVerifiedAt !== null || locked.hashedPassword !== NO_PASSWORD) return false
    const isVerified = email !== null && emailVerified
    if (!isVerified || normalizeEmail(email) !== normalizeEmail(locked.email))
      return (await store.lockUnconfirmedUser(tx.db, locked.email)) === userId
    await store.confirmEmail(tx.db, userId, locked.email, tx.now())
    return false
  })
}

/** Removes the account that the same person created earlier, with an address that they never confirmed. */
export async function removeEarlier(
  tx: TxContext,
  identification: Identification,
  caller: Caller,
): Promise<void> {
  const earlier = await store.findIdentity(tx.db, identification)
  if (earlier === null) return
  const user = await store.lockUser(tx.db, earlier.userId)
  // An account that does not wait for confirmation was not created here: an import may have added it.
  const isWaiting = user !== null && (await store.lockUnconfirmedUser(tx.db, user.email)) === user.id
  if (!isWaiting || user.hashedPassword !== NO_PASSWORD) throw new AuthError('login_flow_required')
  await removeAccount(tx, user.id, caller, 'address_replaced')
}

/** Stores who the person is, for the browser of the flow. */
async function waitFor(ctx: Context, { flow, identification }: Arrival): Promise<FurtherStep> {
  await store.keepIdentification(ctx.db, flow.id, identification)
  return { next: stepFor(identification), flow: flow.id }
}

/** The step that an identity without an account waits for. */
export function stepFor({ email, emailVerified }: Identification): FurtherStep['next'] {
  return email !== null && emailVerified ? 'account_exists' : 'address_required'
}

/** Signs in the account of an identity, through the gates. */
export async function signInAs(
  ctx: Context,
  identity: store.Identity,
  { flow, provider, identification }: Arrival,
  caller: Caller,
): Promise<SignInResult> {
  const user = await store.findUserById(ctx.db, identity.userId)
  const outdated = () => new AuthError('sign_in_refused')
  if (user === null) throw outdated()
  const details = { provider: provider.id }
  return admit(
    ctx,
    {
      user,
      method: 'provider',
      amr: ['fed'],
      attempt: UNCOUNTED,
      reason: 'fed',
      details,
      persistent: flow.persistent,
      returnTo: flow.returnTo,
      provider: { id: provider.id, sid: identification.sid },
      prepare: async () => async (tx: TxContext) => {
        await store.lockUser(tx.db, user.id)
        // It may have been disabled while it was asked.
        await requireProvider(tx, provider.id)
        const { email, emailVerified } = identification
        const isConnected = await store.recordIdentityUse(tx.db, identity, {
          email,
          emailVerified,
          at: tx.now(),
        })
        if (!isConnected) throw outdated()
        await store.takeLoginFlow(tx.db, flow.id)
      },
      refuse: async (reason: GateRefusal) => {
        const event = { action: 'login', outcome: 'refused', reason, userId: user.id, details } as const
        await inTransaction(ctx, (tx) => record(tx, event, caller))
        throw reason === 'password_compromised' ? new AuthError(reason) : outdated()
      },
      outdated,
    },
    caller,
  )
}

/** Creates the account of a person whose address the provider has verified, and signs them in. */
async function signUp(
  ctx: Context,
  arrival: Arrival & { readonly email: string },
  caller: Caller,
): Promise<SignInResult | FurtherStep> {
  const { provider, identification, email } = arrival
  await askBeforeSignUp(ctx, email, caller)
  const profile = { name: nameOf(identification) }
  const account = { email: storedEmail(email), password: '', confirmed: true, profile }
  try {
    const { user, identity } = await inTransaction(ctx, async (tx) => {
      const user = await addConfirmable(tx, account, NO_PASSWORD, caller)
      const identity = await addIdentityOf(tx, user, { provider, identification }, asUser(caller, user))
      return { user, identity }
    })
    ctx.hooks.afterSignUp({ user: accountOf(user) }, caller)
    return await signInAs(ctx, identity, arrival, caller)
  } catch (error) {
    // Another request came first, with the same identity or the same address.
    if (error instanceof Conflict) return signInWith(ctx, arrival, caller)
    throw error
  }
}

/**
 * Connects an identity to the account with its address, because the operator trusts the addresses of the provider
 * (`linking=verified`). If the account is unconfirmed, a stranger may have created it, so every earlier way into it is
 * removed.
 */
async function claim(
  tx: TxContext,
  owner: User,
  { provider, identification }: Arrival,
  caller: Caller,
): Promise<store.Identity> {
  const locked = await store.lockUser(tx.db, owner.id)
  if (locked === null || locked.email !== owner.email) throw new AuthError('sign_in_refused')
  if (locked.emailVerifiedAt === null) {
    await disown(tx, locked)
    await store.confirmEmail(tx.db, locked.id, locked.email, tx.now())
  }
  return addIdentityOf(tx, locked, { provider, identification }, asUser(caller, locked))
}

/** The name that the provider gives, or `null` if it cannot be stored. */
function nameOf({ name }: Identification): string | null {
  const checked = checkName(name)
  return 'value' in checked ? checked.value : null
}
