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
  /** The scopes to request. Empty: those of the preset. */
  readonly scopes: readonly string[]
  /** For `microsoft`: the tenants whose users may sign in, or `*` for all. */
  readonly tenants: readonly string[]
  readonly trustsEmail: boolean
}

/** How providers are reached. Created once, and shared by all calls. */
export interface ProviderHttp {
  readonly fetch: typeof fetch
  readonly now: () => Date
  /** The cached metadata of providers, by preset and issuer. */
  readonly documents: Map<string, KeptDocument>
}

/** @param fetch - The function of `createOutbound`. */
export function createProviderHttp(fetch: ProviderHttp['fetch'], now: () => Date): ProviderHttp {
  return { fetch, now, documents: new Map() }
}

/** The issuer that a token of this tenant must have, by the issuer in the metadata. */
export function tenantIssuer(issuer: string, tid: unknown): string {
  return typeof tid === 'string' ? issuer.replace(TENANT, tid) : issuer
}

/** Stands for the id of the tenant in the issuer of Microsoft's discovery document. */
export const TENANT = '{tenantid}'
