import * as store from '../../db/index.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { OptionError } from '../../model/errors.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { seal, unseal } from './sealing.ts'

/** What {@link reseal} did. */
export interface Resealed {
  /** How many secrets were sealed again with the first key. */
  readonly resealed: number
  /** How many are sealed with a key that is not in `secretKey`. They stay as they are. */
  readonly unknownKey: number
  /** How many were altered outside of the service. They stay as they are. */
  readonly altered: number
}

/** Secrets per transaction. */
const BATCH = 500

/**
 * Seals all secrets with the first key of `secretKey`, so that the other keys can be removed. Can run while the service
 * is in use, and again after an interruption.
 *
 * @param caller - Default: an operator.
 * @throws {OptionError} There is no `secretKey`.
 */
export async function reseal(ctx: Context, caller: Caller = UNKNOWN_CALLER): Promise<Resealed> {
  if (ctx.keys === null || ctx.options.secretKey === '')
    throw new OptionError('secretKey', 'is not set; set it to the keys that sealed the secrets')
  const total = { resealed: 0, unknownKey: 0, altered: 0 }
  for (const name of Object.keys(store.SEALED_COLUMNS) as store.SealedColumnName[]) {
    let after: number | string | null = null
    for (;;) {
      const batch = await resealBatch(ctx, { keys: ctx.keys, name, after }, caller)
      if (batch === null) break
      total.resealed += batch.resealed
      total.unknownKey += batch.unknownKey
      total.altered += batch.altered
      after = batch.last
    }
  }
  return total
}

interface Batch {
  readonly keys: Keyring
  readonly name: store.SealedColumnName
  /** The key of the last row of the batch before. */
  readonly after: number | string | null
}

/** @returns What was done, and the key of the last row. `null` if no secret is left. */
function resealBatch(
  ctx: Context,
  { keys, name, after }: Batch,
  caller: Caller,
): Promise<(Resealed & { readonly last: number | string }) | null> {
  const column = store.SEALED_COLUMNS[name]
  const [exceptKeyId = ''] = keys.keyIds
  return inTransaction(ctx, async (tx) => {
    const done = { resealed: 0, unknownKey: 0, altered: 0 }
    let last: number | string | null = null
    for (const found of await store.listSealed(tx.db, column, { exceptKeyId, after, limit: BATCH })) {
      last = found.row
      const secret = unseal(keys, name, found.row, found.sealed)
      if (secret === 'unknown_key') done.unknownKey++
      else if (secret === 'altered') done.altered++
      // A value that has changed since was sealed with the first key.
      else if (await store.replaceSealed(tx.db, column, found, seal(keys, name, found.row, secret)))
        done.resealed++
    }
    const details = { secrets: done.resealed }
    if (done.resealed > 0)
      await record(tx, { action: 'reseal_secrets', userId: null, details }, asOperator(caller))
    return last === null ? null : { ...done, last }
  })
}
