/**
 * An authenticator app that is being set up. Its secret is bound to the session or sign-in that began the set-up. A
 * thief with another session of the account can then neither see the secret nor have the owner confirm one of the
 * thief's own.
 */
import * as store from '../../db/index.ts'
import { newTotpSecret } from '../../lib/totp.ts'
import { type Context, secondsAfter, type TxContext } from '../context.ts'
import type { Enrollee } from './enrollee.ts'
import { openedOrNull, openTotp, sealTotp } from './sealed-totp.ts'

/** How long an app that is being set up keeps its secret. */
const SETUP_SECONDS = 15 * 60
/** The length of the UUID of the session or sign-in, which is stored before the secret. */
const STARTER_BYTES = 36

/** An app that is being set up. */
export interface Setup {
  readonly secret: Uint8Array
  readonly expiresAt: Date
}

/**
 * Finds the set-up that the session or sign-in of the caller has begun.
 *
 * @throws {AuthError} `unavailable`: its secret does not open.
 */
export async function findSetup(
  ctx: Context,
  enrollee: Enrollee,
): Promise<(Setup & { readonly totp: store.Totp }) | null> {
  const totp = await store.findTotp(ctx.db, enrollee.user.id)
  const opened = totp && openSetup(ctx, totp, starterOf(enrollee))
  return totp && opened && { totp, ...opened }
}

/** Begins a set-up, which replaces any other one. Lock the user first. */
export async function beginSetup(tx: TxContext, enrollee: Enrollee): Promise<Setup> {
  const setup = { secret: newTotpSecret(), expiresAt: secondsAfter(tx.now(), SETUP_SECONDS) }
  await saveSetup(tx, enrollee.user.id, starterOf(enrollee), setup)
  return setup
}

/**
 * Passes a set-up on to the session that replaces the one that began it. If its secret does not open, it is left alone,
 * so that it does not prevent the new session. Lock the user first.
 */
export async function passSetupOn(
  tx: TxContext,
  userId: number,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const totp = await store.findTotp(tx.db, userId)
  const setup = totp && openedOrNull(() => openSetup(tx, totp, from))
  if (setup !== null) await saveSetup(tx, userId, to, setup)
}

function starterOf({ live, session }: Enrollee): string {
  return live === null ? session.id : live.pending.id
}

function openSetup(ctx: Context, totp: store.Totp, starter: string): Setup | null {
  const { pendingExpiresAt: expiresAt } = totp
  if (expiresAt === null || expiresAt <= ctx.now()) return null
  const opened = openTotp(ctx, totp, 'pending')
  if (opened === null || Buffer.from(opened).toString('utf8', 0, STARTER_BYTES) !== starter) return null
  return { secret: opened.subarray(STARTER_BYTES), expiresAt }
}

async function saveSetup(
  tx: TxContext,
  userId: number,
  starter: string,
  { secret, expiresAt }: Setup,
): Promise<void> {
  const bound = Buffer.concat([Buffer.from(starter), secret])
  await store.savePendingTotp(tx.db, userId, {
    sealedSecret: sealTotp(tx, userId, 'pending', bound),
    expiresAt,
  })
}
