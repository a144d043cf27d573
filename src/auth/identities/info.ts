import * as store from '../../db/index.ts'
import type { Context } from '../context.ts'

/** An identity of a user at a provider. */
export interface IdentityInfo {
  readonly id: string
  /** The id of the provider. */
  readonly provider: string
  /** The name of the provider. */
  readonly providerName: string
  readonly issuer: string
  /** The id of the user there. */
  readonly subject: string
  /** The address there, at the last sign-in. It may differ from that of the account. */
  readonly email: string | null
  /** Whether the provider has verified the address. */
  readonly emailVerified: boolean
  readonly createdAt: Date
  /** The last sign-in with it, or `null`. */
  readonly lastUsedAt: Date | null
}

/** The identities of a user, the oldest first. */
export async function identityInfosOf(ctx: Context, userId: number): Promise<IdentityInfo[]> {
  const identities = await store.listIdentities(ctx.db, userId)
  if (identities.length === 0) return []
  const names = new Map((await store.listProviders(ctx.db)).map(({ id, name }) => [id, name]))
  return identities.map(({ userId: _, providerId, ...identity }) => ({
    ...identity,
    provider: providerId,
    providerName: names.get(providerId) ?? providerId,
  }))
}
