import * as store from '../../db/index.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { Unopened } from '../../lib/seal.ts'

/** Seals a secret for one column of one row. */
export function seal(
  keys: Keyring,
  name: store.SealedColumnName,
  row: number | string,
  secret: Uint8Array,
): Uint8Array {
  const { purpose, table, column } = store.SEALED_COLUMNS[name]
  return keys.seal(purpose, { table, column, row }, secret)
}

/** Opens what {@link seal} returned for the same column and row. Never throws. See `Keyring.open`. */
export function unseal(
  keys: Keyring,
  name: store.SealedColumnName,
  row: number | string,
  sealed: Uint8Array,
): Uint8Array | Unopened {
  const { purpose, table, column } = store.SEALED_COLUMNS[name]
  return keys.open(purpose, { table, column, row }, sealed)
}
