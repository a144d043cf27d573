import * as store from '../../db/index.ts'
import { isUuid, uuidV7 } from '../../lib/random.ts'
import { AuthError, Conflict } from '../../model/errors.ts'
import type { JsonObject } from '../../model/json.ts'
import { record } from '../audit/record.ts'
import type { Caller, SessionCaller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { type Enrolled, enrol, requireEnrollee } from '../factors/enrollee.ts'
import { amrOfPasskey } from '../factors/proven.ts'
import { removeFactor } from '../factors/removal.ts'
import { requireSession } from '../sessions/guards.ts'
import { requireRelyingParty, takeCeremony } from './ceremonies.ts'
import { defaultName, type PasskeyInfo, passkeyInfo, passkeyName } from './info.ts'
import { PasskeyRefusal, type VerifiedRegistration, verifyRegistration } from './webauthn/index.ts'

/** What {@link add} takes. */
export interface AddPasskeyRequest {
  /** The id of the ceremony. */
  ceremony: string
  /** The credential of `navigator.credentials.create`, in the JSON form of WebAuthn Level 3. */
  credential: unknown
  /** 1 to 64 visible characters. Default: its provider, or the browser. */
  name?: string | undefined
}

/** A passkey that was added. */
export interface AddedPasskey<Metadata = JsonObject> extends Enrolled<Metadata> {
  readonly passkey: PasskeyInfo
}

/**
 * Adds a passkey or security key. It does not enable the second factor. A session with the passkey replaces the
 * caller's, and the other sessions end. The owner gets a notice.
 *
 * @param caller - With a session, or with the `loginToken` of a sign-in that waits for the set-up of a second factor;
 *   and with the `browserToken` of the ceremony.
 * @returns `recoveryCodes` and `signedIn` only if a sign-in waited for the passkey; `renewed` otherwise.
 * @throws {AuthError} `unauthenticated`; `second_factor_required` or `reauthentication_required`, with `accepts`;
 *   `invalid_passkey`: a check failed; `passkey_known`: it is registered, here or for another account;
 *   `too_many_passkeys`; `missing_field` or `invalid_field` with `field`.
 */
export async function add(
  ctx: Context,
  request: AddPasskeyRequest,
  caller: SessionCaller,
): Promise<AddedPasskey> {
  const rp = requireRelyingParty(ctx)
  const enrollee = await requireEnrollee(ctx, caller)
  const { user, acting } = enrollee
  const given = request.name === undefined ? undefined : passkeyName(request.name)
  const ceremony = await takeCeremony(ctx, request.ceremony, ['add_passkey', 'add_security_key'], caller)
  if (request.credential === undefined) throw new AuthError('missing_field', { field: 'credential' })
  if (ceremony?.userId !== user.id) return refuse(ctx, 'ceremony', acting, user.id)
  const isPasskey = ceremony.purpose === 'add_passkey'
  let verified: VerifiedRegistration
  try {
    verified = await verifyRegistration({
      credential: request.credential,
      challenge: ceremony.challenge,
      origins: rp.origins,
      rpId: rp.id,
      requireUserVerification: isPasskey,
    })
  } catch (error) {
    if (!(error instanceof PasskeyRefusal)) throw error
    if (error.isMalformed) throw new AuthError('invalid_field', { field: 'credential', cause: error })
    return refuse(ctx, error.reason, acting, user.id)
  }
  if (ctx.options.passkeyStorage === 'device_bound' && verified.backupEligible)
    return refuse(ctx, 'backup_eligibility', acting, user.id)
  const passkey: store.Passkey = {
    id: uuidV7(ctx.now()),
    userId: user.id,
    ...verified,
    credentialId: Buffer.from(verified.credentialId).toString('base64url'),
    // If the browser does not say, it has created what was requested.
    discoverable: isPasskey && verified.discoverable !== false,
    rpId: rp.id,
    name: given ?? defaultName(verified.aaguid, caller.userAgent),
    createdAt: ctx.now(),
    lastUsedAt: null,
  }
  const added = {
    factor: 'passkey',
    amr: amrOfPasskey(verified),
    enables: false,
    details: { passkey: passkey.id },
    mailDetails: { name: passkey.name },
    store: (tx: TxContext) => addOne(tx, passkey),
  } as const
  const enrolled = await enrol(ctx, enrollee, added)
  return { ...enrolled, passkey: passkeyInfo(passkey, rp.id) }
}

/** Adds a passkey within the limit. Lock the user first, or two requests could exceed the limit together. */
async function addOne(tx: TxContext, passkey: store.Passkey): Promise<void> {
  const { length } = await store.listPasskeys(tx.db, passkey.userId)
  if (length >= tx.options.passkeysPerUser) throw new AuthError('too_many_passkeys')
  try {
    await store.addPasskey(tx.db, passkey)
  } catch (error) {
    throw error instanceof Conflict ? new AuthError('passkey_known', { cause: error }) : error
  }
}

async function refuse(ctx: Context, check: string, acting: Caller, userId: number): Promise<never> {
  const event = { action: 'use_passkey', outcome: 'refused', reason: 'passkey_check', userId } as const
  await inTransaction(ctx, (tx) => record(tx, { ...event, details: { check } }, acting))
  throw new AuthError('invalid_passkey')
}

/** What {@link rename} takes. */
export interface RenamePasskeyRequest {
  /** The id of the passkey, from `factors.list`. */
  id: string
  /** 1 to 64 visible characters. */
  name: string
}

/**
 * Renames a passkey of the caller.
 *
 * @throws {AuthError} `unauthenticated`; `second_factor_required` with `accepts`; `not_found`; `missing_field` or
 *   `invalid_field` with `field`.
 */
export async function rename(
  ctx: Context,
  request: RenamePasskeyRequest,
  caller: SessionCaller,
): Promise<PasskeyInfo> {
  const rp = requireRelyingParty(ctx)
  const { user, acting } = await requireSession(ctx, caller)
  if (request.name === undefined || request.name === '')
    throw new AuthError('missing_field', { field: 'name' })
  const name = passkeyName(request.name)
  const { id } = request
  if (!isUuid(id)) throw new AuthError('not_found')
  const renamed = await inTransaction(ctx, async (tx) => {
    const passkey = await store.renamePasskey(tx.db, { id, userId: user.id, name })
    if (passkey === null) throw new AuthError('not_found')
    await record(tx, { action: 'rename_passkey', userId: user.id, details: { passkey: id } }, acting)
    return passkey
  })
  return passkeyInfo(renamed, rp.id)
}

/** What {@link remove} takes. */
export interface RemovePasskeyRequest {
  /** The id of the passkey, from `factors.list`. */
  id: string
}

/**
 * Removes a passkey of the caller. If it was the last factor, the second factor is disabled and the recovery codes stop working.
 * The owner gets a notice.
 *
 * @throws {AuthError} `unauthenticated`; `second_factor_required` or `reauthentication_required`, with `accepts`; `not_found`;
 *   `last_factor`: it is the last factor, and the account must have one; `last_way_in`: the account has no password, and nothing
 *   else that signs in.
 */
export function remove(ctx: Context, request: RemovePasskeyRequest, caller: SessionCaller): Promise<void> {
  return removeFactor(ctx, { factor: 'passkey', id: request.id }, caller)
}
