import * as store from '../../db/index.ts'
import type { Context } from '../context.ts'
import { presetOf } from './presets/index.ts'

/** The enabled providers at which a user has an identity, and which ask for the password again on request. */
export async function providersToReauthenticate(ctx: Context, userId: number): Promise<store.Provider[]> {
  const identities = await store.listIdentities(ctx.db, userId)
  if (identities.length === 0) return []
  const connected = new Set(identities.map(({ providerId }) => providerId))
  const all = await store.listProviders(ctx.db)
  return all.filter(
    ({ id, preset, disabledAt }) =>
      connected.has(id) && disabledAt === null && presetOf(preset).reauthenticates,
  )
}
