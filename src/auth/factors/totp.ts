import * as store from '../../db/index.ts'
import { encodeBase32 } from '../../lib/base32.ts'
import { qrCode } from '../../lib/qr-code.ts'
import { matchTotp, otpauthUri } from '../../lib/totp.ts'
import { AuthError } from '../../model/errors.ts'
import { serviceNameOf } from '../../options/index.ts'
import type { SessionCaller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { orWithdraw } from '../sign-in/password-check.ts'
import { countAttempt } from '../sign-in/throttle.ts'
import { type Enrolled, type Enrollee, enrol, requireEnrollee } from './enrollee.ts'
import { removeFactor } from './removal.ts'
import { sealTotp } from './sealed-totp.ts'
import { policyFor } from './state.ts'
import { readTotpCode } from './totp-check.ts'
import { beginSetup, findSetup, type Setup } from './totp-setup.ts'

/** What an authenticator app needs to be set up. */
export interface TotpSetup {
  /** The secret in base32, 32 characters, to type in. */
  readonly secret: string
  /** The same as a link, which apps open. */
  readonly uri: string
  /** The link as a QR code: an SVG element without style, script or name. */
  readonly qr: string
  /** Until when a code can confirm it. */
  readonly expiresAt: Date
}

/**
 * Begins to set up an authenticator app (RFC 6238: SHA-1, six digits, 30 seconds). Nothing changes until `confirmTotp`:
 * an earlier app keeps working until then. Called again within 15 minutes, it returns the same secret, so that a second
 * click does not void what was scanned. The set-up belongs to the session or sign-in that began it. Another one of the
 * same account begins a set-up of its own, which replaces this one.
 *
 * @param caller - With a session, or with the `loginToken` of a sign-in that waits for the set-up of a second factor.
 * @throws {AuthError} `unauthenticated`; `second_factor_required` or `reauthentication_required`, with `accepts`;
 *   `unavailable`: the key that sealed the secret is no longer in `secretKey`.
 * @throws {OptionError} There is no `secretKey`.
 */
export async function startTotp(ctx: Context, caller: SessionCaller): Promise<TotpSetup> {
  const enrollee = await requireTotpEnrollee(ctx, caller)
  const setup = await inTransaction(ctx, async (tx) => {
    await store.lockUser(tx.db, enrollee.user.id)
    return (await findSetup(tx, enrollee)) ?? (await beginSetup(tx, enrollee))
  })
  return shownSetup(ctx, enrollee, setup)
}

/**
 * Finds a set-up of an authenticator app that has begun. Changes nothing.
 *
 * @param caller - As for `startTotp`.
 * @returns What `startTotp` returned to this session or sign-in. `null` if it has begun none in the last 15 minutes.
 * @throws {AuthError} What `startTotp` throws.
 */
export async function findTotpSetup(ctx: Context, caller: SessionCaller): Promise<TotpSetup | null> {
  const enrollee = await requireTotpEnrollee(ctx, caller)
  const setup = await findSetup(ctx, enrollee)
  return setup && shownSetup(ctx, enrollee, setup)
}

/** What {@link confirmTotp} takes. */
export interface ConfirmTotpRequest {
  /** Six digits from the app. Spaces and hyphens make no difference. */
  code: string
}

/**
 * Confirms an authenticator app with a code, which cannot be used again. The app replaces an earlier one, and enables
 * the second factor. A session with the factor replaces the caller's, and the other sessions end. The owner gets a
 * notice. Wrong codes count like those of a sign-in.
 *
 * @param caller - As for `startTotp`.
 * @returns `recoveryCodes` with the first factor; `signedIn` if a sign-in waited for it, `renewed` otherwise.
 * @throws {AuthError} What `startTotp` throws; `invalid_code`: the code is wrong, or the set-up expired;
 *   `too_many_attempts`; `missing_field` or `invalid_field` with `field`.
 */
export async function confirmTotp(
  ctx: Context,
  request: ConfirmTotpRequest,
  caller: SessionCaller,
): Promise<Enrolled> {
  const enrollee = await requireTotpEnrollee(ctx, caller)
  const { user, acting } = enrollee
  const code = readTotpCode(request.code, 'code')
  const attempt = await countAttempt(ctx, 'totp', { email: user.email, account: user }, acting)
  const found = await orWithdraw(attempt, async () => {
    const setup = await findSetup(ctx, enrollee)
    const step = setup && matchTotp(setup.secret, code, ctx.now(), ctx.options.totpDriftSteps)
    return setup === null || step === null ? null : { ...setup, step }
  })
  if (found === null) throw new AuthError('invalid_code')
  const { totp, secret, step } = found
  const added = {
    factor: 'totp',
    amr: ['otp'],
    enables: true,
    details: {},
    async store(tx: TxContext) {
      const sealedSecret = sealTotp(tx, user.id, 'confirmed', secret)
      // Another set-up has replaced this one.
      if (!(await store.confirmTotp(tx.db, totp, { sealedSecret, step, at: tx.now() })))
        throw new AuthError('invalid_code')
      await attempt.succeeded(tx)
    },
  } as const
  return orWithdraw(attempt, () => enrol(ctx, enrollee, added))
}

/**
 * Removes the authenticator app. If it was the last factor, the second factor is disabled and the recovery codes stop working.
 * The owner gets a notice.
 *
 * @throws {AuthError} `unauthenticated`; `second_factor_required` or `reauthentication_required`, with `accepts`; `not_found`: there
 *   is no app; `last_factor`: it is the last factor, and the account must have one.
 */
export function removeTotp(ctx: Context, caller: SessionCaller): Promise<void> {
  return removeFactor(ctx, { factor: 'totp' }, caller)
}

/** An app does not meet the policy `passkey`, so a sign-in that waits for a passkey cannot set one up. */
async function requireTotpEnrollee(ctx: Context, caller: SessionCaller): Promise<Enrollee> {
  const enrollee = await requireEnrollee(ctx, caller)
  if (enrollee.live !== null && policyFor(ctx, enrollee.user) === 'passkey')
    throw new AuthError('second_factor_required', { accepts: ['passkey'] })
  return enrollee
}

async function shownSetup(
  { options }: Context,
  { user }: Enrollee,
  { secret, expiresAt }: Setup,
): Promise<TotpSetup> {
  const uri = otpauthUri({ issuer: serviceNameOf(options), account: user.email, secret })
  return { secret: encodeBase32(secret), uri, qr: await qrCode(uri), expiresAt }
}
