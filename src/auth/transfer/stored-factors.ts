/** Reads and adds the factors and identities of many accounts. */
import * as store from '../../db/index.ts'
import { uuidV7 } from '../../lib/random.ts'
import { totpStep } from '../../lib/totp.ts'
import type { Context, TxContext } from '../context.ts'
import { openedOrNull, openTotp, sealTotp } from '../factors/sealed-totp.ts'
import type { MovingFactors } from './moving-factors.ts'

const NONE: MovingFactors = { totp: null, passkeys: [], identities: [] }

/** Reads the factors and identities of users. The function that it returns finds those of one user. */
export async function factorsOfAll(
  ctx: Context,
  users: store.UserIds,
): Promise<(userId: number) => MovingFactors> {
  const { totps, passkeys, identities } = await store.listFactorsOf(ctx.db, users)
  const found = new Map<number, MovingFactors>()
  for (const totp of totps) {
    const { userId, sealedSecret, confirmedAt, disabledAt } = totp
    if (sealedSecret === null) continue
    const secret = openedOrNull(() => openTotp(ctx, totp, 'confirmed'))
    found.set(userId, { ...NONE, totp: { secret, confirmedAt, disabledAt } })
  }
  for (const { id: _, userId, ...passkey } of passkeys) {
    const before = found.get(userId) ?? NONE
    found.set(userId, { ...before, passkeys: [...before.passkeys, passkey] })
  }
  for (const { id: _, userId, ...identity } of identities) {
    const before = found.get(userId) ?? NONE
    found.set(userId, { ...before, identities: [...before.identities, identity] })
  }
  return (userId) => found.get(userId) ?? NONE
}

/**
 * Adds the factors and identities of new users.
 *
 * @throws {Conflict} A credential is registered, or an identity is connected.
 */
export async function addFactors(
  tx: TxContext,
  added: readonly { readonly userId: number; readonly factors: MovingFactors }[],
): Promise<void> {
  const now = tx.now()
  await store.addTotps(
    tx.db,
    added.flatMap(({ userId, factors: { totp } }) =>
      totp?.secret == null
        ? []
        : [
            {
              userId,
              sealedSecret: sealTotp(tx, userId, 'confirmed', totp.secret),
              confirmedAt: totp.confirmedAt,
              disabledAt: totp.disabledAt,
              // A code that was just used at the other service must not work again here.
              lastStep: totpStep(now),
            },
          ],
    ),
  )
  await store.addPasskeys(
    tx.db,
    added.flatMap(({ userId, factors }) =>
      factors.passkeys.map((passkey) => ({ ...passkey, id: uuidV7(now), userId })),
    ),
  )
  await store.addIdentities(
    tx.db,
    added.flatMap(({ userId, factors }) =>
      factors.identities.map((identity) => ({ ...identity, id: uuidV7(now), userId })),
    ),
  )
}
