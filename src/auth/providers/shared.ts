/** What sign-in with other providers keeps between requests. */
import * as store from '../../db/index.ts'
import { createOutbound } from '../../lib/outbound.ts'
import type { Options } from '../../options/index.ts'
import { createProviderHttp, type ProviderHttp } from './protocol/index.ts'
import type { ProviderInfo } from './start.ts'

/** How long the list is kept. Another process may change it. */
const LIST_LIFETIME_MS = 60_000

export interface SharedProviders {
  /** How providers are reached, with the cache of their metadata. */
  readonly http: ProviderHttp
  /** The providers that people can sign in with. Reads the database at most once a minute. */
  enabled(db: store.Database): Promise<readonly ProviderInfo[]>
  /** Discards the kept list, because this process has changed a provider. */
  forget(): void
}

export function createSharedProviders(
  { outboundPrivate }: Pick<Options, 'outboundPrivate'>,
  now: () => Date,
): SharedProviders {
  let kept: { readonly until: number; readonly list: Promise<readonly ProviderInfo[]> } | null = null
  return {
    http: createProviderHttp(createOutbound({ allowed: outboundPrivate }), now),
    enabled(db) {
      const time = performance.now()
      if (kept === null || time >= kept.until) {
        const list = enabledIn(db)
        kept = { until: time + LIST_LIFETIME_MS, list }
        // A failure is not kept.
        list.catch(() => (kept = null))
      }
      return kept.list
    },
    forget() {
      kept = null
    },
  }
}

async function enabledIn(db: store.Database): Promise<readonly ProviderInfo[]> {
  const all = await store.listProviders(db)
  return all.filter(({ disabledAt }) => disabledAt === null).map(({ id, name }) => ({ id, name }))
}
