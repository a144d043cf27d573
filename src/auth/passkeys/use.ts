/** Checks the answers of passkeys, for every sign-in, second factor and re-authentication. */
import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import type { User } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import { asUser, type Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { enqueueMail } from '../delivery/enqueue.ts'
import { amrOfPasskey } from '../factors/proven.ts'
import { requireRelyingParty } from './ceremonies.ts'
import {
  checkWithoutKey,
  PasskeyRefusal,
  readAssertion,
  type VerifiedAssertion,
  verifyAssertion,
} from './webauthn/index.ts'

/** What a browser answers to a ceremony. */
export interface PasskeyAnswer {
  /** The id of the ceremony. */
  ceremony: string
  /** The credential of `navigator.credentials.get`, in the JSON form of WebAuthn Level 3. */
  credential: unknown
}

/** A passkey that was checked, and whose use is not stored yet. */
export interface UsedPasskey {
  readonly user: User
  /** The id of the passkey here. */
  readonly id: string
  /** What it proves: names of RFC 8176. */
  readonly amr: readonly string[]
  /** Stores the use. @throws {AuthError} `invalid_passkey`: a concurrent use came first. */
  take(tx: TxContext): Promise<void>
}

/**
 * Checks the answer of a passkey.
 *
 * @param answer - `ceremony`: as `takeCeremony` returned it.
 * @param named - The user whose ceremony and passkey it must be. `null` for a sign-in, where the passkey names the user
 *   and must have verified them.
 * @throws {AuthError} `missing_field` or `invalid_field` with `field`; `invalid_passkey`; `unknown_passkey`;
 *   `user_verification_required`: only at a sign-in.
 */
export async function usePasskey(
  ctx: Context,
  { ceremony, credential }: { readonly ceremony: store.Ceremony | null; readonly credential: unknown },
  named: User | null,
  caller: Caller,
): Promise<UsedPasskey> {
  const rp = requireRelyingParty(ctx)
  const userIdOf = (passkey: store.Passkey | null) => named?.id ?? passkey?.userId ?? null
  let passkey: store.Passkey | null = null
  try {
    if (credential === undefined) throw new AuthError('missing_field', { field: 'credential' })
    const { credentialId, userHandle } = readAssertion(credential)
    if (ceremony === null || ceremony.userId !== (named?.id ?? null)) throw new Failed('ceremony')
    passkey = await store.findPasskey(ctx.db, Buffer.from(credentialId).toString('base64url'))
    const input = {
      credential,
      challenge: ceremony.challenge,
      origins: rp.origins,
      rpId: rp.id,
      requireUserVerification: named === null,
    }
    if (passkey === null) {
      await checkWithoutKey(input)
      await recordRefusal(ctx, { userId: userIdOf(null), reason: 'unknown_passkey' }, caller)
      throw new AuthError('unknown_passkey')
    }
    const stored = { credentialId, publicKey: passkey.publicKey }
    const assertion = await verifyAssertion({ ...input, passkey: stored })
    const user = await ownerOf(ctx, passkey, { named, userHandle })
    await checkState(ctx, { user, passkey, assertion }, caller)
    return used(user, passkey, assertion, caller)
  } catch (error) {
    if (!(error instanceof PasskeyRefusal || error instanceof Failed)) throw error
    if (error instanceof PasskeyRefusal && error.isMalformed)
      throw new AuthError('invalid_field', { field: 'credential', cause: error })
    const check = error.reason
    const event = { userId: userIdOf(passkey), reason: 'passkey_check', details: { check } } as const
    await recordRefusal(ctx, event, caller)
    throw new AuthError(
      check === 'user_unverified' && named === null ? 'user_verification_required' : 'invalid_passkey',
      { cause: error },
    )
  }
}

/** One of our own checks failed. The reason is for the audit log. */
class Failed extends Error {
  readonly reason: 'ceremony' | 'owner' | 'second_factor_only' | 'user_handle' | 'backup_eligibility'

  constructor(reason: Failed['reason']) {
    super(reason)
    this.reason = reason
  }
}

/** The user of a passkey. At a sign-in, the passkey names them by their handle. */
async function ownerOf(
  ctx: Context,
  { userId, discoverable }: store.Passkey,
  { named, userHandle }: { readonly named: User | null; readonly userHandle: Uint8Array | null },
): Promise<User> {
  if (named !== null && named.id !== userId) throw new Failed('owner')
  // Some authenticators store a security key so that it could sign in.
  if (named === null && !discoverable) throw new Failed('second_factor_only')
  const handle = await store.findWebauthnHandle(ctx.db, userId)
  const isSame = userHandle !== null && Buffer.from(userHandle).toString('base64url') === handle
  // Security keys send no handle. One that is sent must be right.
  if (!isSame && (named === null || userHandle !== null)) throw new Failed('user_handle')
  const user = named ?? (await store.findUserById(ctx.db, userId))
  if (user === null) throw new Failed('owner')
  return user
}

/** Checks the counter, and whether the passkey may be synced. */
async function checkState(
  ctx: Context,
  used: {
    readonly user: User
    readonly passkey: store.Passkey
    readonly assertion: VerifiedAssertion
  },
  caller: Caller,
): Promise<void> {
  const { user, passkey, assertion } = used
  const { signCount, backupEligible } = assertion
  if (backupEligible !== passkey.backupEligible && ctx.options.passkeyStorage === 'device_bound')
    throw new Failed('backup_eligibility')
  // The copies of a synced passkey do not share a counter. An authenticator without a counter always sends 0.
  const counts = signCount > 0 || passkey.signCount > 0
  if (backupEligible || !counts || signCount > passkey.signCount) return
  await inTransaction(ctx, async (tx) => {
    const event = { userId: user.id, reason: 'passkey_counter', details: { passkey: passkey.id } } as const
    await enqueueMail(tx, user, 'passkey_refused', caller, { details: { name: passkey.name } })
    await record(tx, { action: 'use_passkey', outcome: 'refused', ...event }, caller)
  })
  throw new AuthError('invalid_passkey')
}

function used(user: User, passkey: store.Passkey, assertion: VerifiedAssertion, caller: Caller): UsedPasskey {
  const { signCount, userVerified, backupEligible, backedUp } = assertion
  return {
    user,
    id: passkey.id,
    amr: amrOfPasskey({ backupEligible, userVerified }),
    async take(tx) {
      const use = { signCount, backupEligible, backedUp, at: tx.now() }
      if (!(await store.recordPasskeyUse(tx.db, passkey, use))) throw new AuthError('invalid_passkey')
      if (backupEligible === passkey.backupEligible) return
      const details = { passkey: passkey.id }
      const event = { action: 'use_passkey', reason: 'backup_eligibility', userId: user.id, details } as const
      await record(tx, event, asUser(caller, user))
    },
  }
}

async function recordRefusal(
  ctx: Context,
  event: {
    readonly userId: number | null
    readonly reason: 'passkey_check' | 'unknown_passkey'
    readonly details?: { readonly check: string }
  },
  caller: Caller,
): Promise<void> {
  await inTransaction(ctx, (tx) =>
    record(tx, { action: 'use_passkey', outcome: 'refused', ...event }, caller),
  )
}
