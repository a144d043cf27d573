import type { PresetName } from '../../../model/providers.ts'
import type { KeptDocument } from './metadata.ts'

/** A provider, as an operator has set it up. */
export interface ProviderConfig {
  readonly id: string
  readonly preset: PresetName
  /** Compared exactly with what the provider says. */
  readonly issuer: string
  readonly clientId: string
  /** `null` for a public client. For `apple`: its key, as `readAppleKey` reads it. */
  readonly clientSecret: string | null
  /** What to ask for. Empty: the scopes of the preset. */
  readonly scopes: readonly string[]
  /** For `microsoft`: the tenants whose users may sign in, or `*` for all. */
  readonly tenants: readonly string[]
  readonly trustsEmail: boolean
}

/** How providers are reached. Created once, and shared by all calls. */
export interface ProviderHttp {
  readonly fetch: typeof fetch
  readonly now: () => Date
  /** What providers say about themselves, by preset and issuer. */
  readonly documents: Map<string, KeptDocument>
}

/** @param fetch - The function of `createOutbound`. */
export function createProviderHttp(fetch: ProviderHttp['fetch'], now: () => Date): ProviderHttp {
  return { fetch, now, documents: new Map() }
}

/** The part of a verified token that decides about its issuer. */
export function tenantIssuer(issuer: string, tid: unknown): string {
  return typeof tid === 'string' ? issuer.replace(TENANT, tid) : issuer
}

/** Where the issuer of an ID token has the id of its tenant, in the discovery document of Microsoft. */
export const TENANT = '{tenantid}'
