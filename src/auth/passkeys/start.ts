import * as store from '../../db/index.ts'
import { sha256 } from '../../lib/digest.ts'
import { randomSecret, uuidV7 } from '../../lib/random.ts'
import type { RelyingParty } from '../../lib/relying-party.ts'
import { AuthError } from '../../model/errors.ts'
import { CEREMONY_PURPOSES, type CeremonyPurpose } from '../../model/factors.ts'
import type { User } from '../../model/user.ts'
import type { Caller, SessionCaller } from '../caller.ts'
import { type Context, secondsAfter } from '../context.ts'
import { requireEnrollee } from '../factors/enrollee.ts'
import { requireBrowserToken } from '../mail-codes/issue.ts'
import { countStart } from '../quotas.ts'
import { requireAnySession } from '../sessions/guards.ts'
import { requirePending } from '../sign-in/pending.ts'
import { requireRelyingParty } from './ceremonies.ts'
// Not from `index.ts`, whose declarations refer to those of `@simplewebauthn/server`. A program with `module: 'node16'` and
// without `skipLibCheck` cannot compile these.
import {
  assertionOptions,
  type PasskeyCreationOptions,
  type PasskeyRequestOptions,
  registrationOptions,
} from './webauthn/options.ts'

const CEREMONY_SECONDS = 300
/** Each failed use of a passkey takes a ceremony, so this limits those too. */
const CEREMONIES_PER_IP = 120

/** What {@link startCeremony} takes. */
export interface CeremonyRequest {
  /**
   * What the passkey is for: `sign_in`; `second_factor` of a sign-in that waits; `step_up` of a session; `add_passkey`
   * or `add_security_key`.
   */
  purpose: CeremonyPurpose
}

/** A ceremony that has begun. */
export interface StartedCeremony {
  /** The id of the ceremony, to send with its answer. */
  readonly ceremony: string
  /** For `navigator.credentials.create` or `get`, in the JSON form of WebAuthn Level 3. */
  readonly options: PasskeyCreationOptions | PasskeyRequestOptions
}

/**
 * Begins to add or use a passkey (WebAuthn Level 3). The challenge is valid for 5 minutes, for one purpose, one answer
 * and the browser of `caller.browserToken`. A browser can run several ceremonies at once.
 *
 * @throws {AuthError} `too_many_attempts` with `retryAfterSeconds`: more than 120 ceremonies from one IP address in 10
 *   minutes; `missing_field` or `invalid_field` with `field`: `purpose` or `browserToken`; `pending_login_required`: no
 *   sign-in waits for this caller; `unauthenticated`; `second_factor_required` or `reauthentication_required`, with
 *   `accepts`; `too_many_passkeys`: the account has `options.passkeysPerUser`.
 * @throws {OptionError} There are no passkeys: `passkeys` is off, or `baseUrl` is not set or has an IP address.
 */
export async function startCeremony(
  ctx: Context,
  request: CeremonyRequest,
  caller: SessionCaller,
): Promise<StartedCeremony> {
  const rp = requireRelyingParty(ctx)
  const { purpose } = request
  if (!CEREMONY_PURPOSES.includes(purpose))
    throw new AuthError(purpose === undefined ? 'missing_field' : 'invalid_field', { field: 'purpose' })
  const browserHash = sha256(requireBrowserToken(caller))
  await countStart(ctx, { what: 'ceremony', perIp: CEREMONIES_PER_IP }, caller)
  const user = await userFor(ctx, purpose, caller)
  const now = ctx.now()
  const id = uuidV7(now)
  // 32 random bytes.
  const challenge = Buffer.from(randomSecret(), 'base64url')
  const options = await optionsFor(ctx, rp, { purpose, user, challenge })
  const expiresAt = secondsAfter(now, CEREMONY_SECONDS)
  const userId = user?.id ?? null
  await store.addCeremony(ctx.db, { id, challenge, purpose, userId, browserHash, expiresAt })
  return { ceremony: id, options }
}

async function userFor(ctx: Context, purpose: CeremonyPurpose, caller: Caller): Promise<User | null> {
  if (purpose === 'sign_in') return null
  if (purpose === 'second_factor') return (await requirePending(ctx, caller, 'second_factor')).user
  if (purpose === 'step_up') return (await requireAnySession(ctx, caller)).user
  return (await requireEnrollee(ctx, caller)).user
}

async function optionsFor(
  ctx: Context,
  { id: rpId }: RelyingParty,
  asked: { readonly purpose: CeremonyPurpose; readonly user: User | null; readonly challenge: Uint8Array },
): Promise<PasskeyCreationOptions | PasskeyRequestOptions> {
  const { purpose, user, challenge } = asked
  // Even if the address is known: a list of passkeys would reveal that the account exists.
  if (user === null) return assertionOptions({ rpId, challenge, allow: [], userVerification: 'required' })
  const all = await store.listPasskeys(ctx.db, user.id)
  const known = all
    .filter((passkey) => passkey.rpId === rpId)
    .map(({ credentialId, transports }) => ({
      credentialId: Buffer.from(credentialId, 'base64url'),
      transports,
    }))
  if (purpose === 'second_factor' || purpose === 'step_up')
    return assertionOptions({ rpId, challenge, allow: known, userVerification: 'preferred' })
  if (all.length >= ctx.options.passkeysPerUser) throw new AuthError('too_many_passkeys')
  const handle = await store.webauthnHandleOf(ctx.db, user.id, randomSecret())
  return registrationOptions({
    rp: { id: rpId, name: ctx.options.serviceName || rpId },
    user: { handle: Buffer.from(handle, 'base64url'), name: user.email },
    challenge,
    kind: purpose === 'add_passkey' ? 'passkey' : 'security_key',
    exclude: known,
  })
}
