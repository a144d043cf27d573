import * as store from '../../db/index.ts'
import { AuthError, Conflict, OptionError } from '../../model/errors.ts'
import {
  isIssuer,
  isProviderId,
  LINKING,
  type Linking,
  PRESETS,
  type PresetName,
} from '../../model/providers.ts'
import { checkName } from '../account/profile-values.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { presetOf } from './presets/index.ts'
import { redirectUriOf, sealClientSecret } from './provider.ts'

/** What {@link add} takes. */
export interface AddProviderRequest {
  /** Which rules apply to its answers. `oidc` is for every OpenID Connect issuer without rules of its own. */
  preset: PresetName
  /** Its id, which paths contain: a slug of at most 32 characters. Default: the preset. */
  id?: string | undefined
  /** The name on its button, at most 40 characters. Default: that of the preset. */
  name?: string | undefined
  /** The issuer, an https URL. Required for `oidc`. Set it for a GitLab of your own. Default: that of the preset. */
  issuer?: string | undefined
  /** The client id that the provider gave to this service. */
  clientId: string
  /**
   * The client secret. For `apple`: the signing key, as the guide says. Without it, the service is a public client, which `gitlab`
   * and `oidc` allow.
   */
  clientSecret?: string | undefined
  /** The scopes to request. Default: those that the preset needs for the address and the name. */
  scopes?: readonly string[] | undefined
  /** For `microsoft`: the ids of the tenants whose users may sign in, or `*` for all. */
  tenants?: readonly string[] | undefined
  /** Whether a person without an account gets one. Default `true`. */
  createsAccounts?: boolean | undefined
  /** What happens if an account already has the address. Default `ask`. */
  linking?: Linking | undefined
  /**
   * Whether its addresses count as verified although it does not say so. Only for a provider whose addresses your organization
   * assigns. Default `false`.
   */
  trustsEmail?: boolean | undefined
}

/** A provider, as operators see it. */
export interface ProviderDetails extends Omit<store.Provider, 'sealedClientSecret'> {
  /** Whether there is a client secret. */
  readonly hasSecret: boolean
  /** What to register at the provider. `null` if `baseUrl` is not set. */
  readonly redirectUri: string | null
  /** How many identities are connected. */
  readonly identities: number
}

/**
 * Adds a provider. Its client secret is stored sealed. Running services show its button within a minute.
 *
 * @throws {AuthError} `missing_field` or `invalid_field` with `field`, and a message that says what is wrong. A taken
 *   `id` is invalid.
 * @throws {OptionError} `baseUrl` or `secretKey` is not set.
 */
export async function add(
  ctx: Context,
  request: AddProviderRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<ProviderDetails> {
  assertServed(ctx)
  const provider = providerIn(ctx, request)
  try {
    await inTransaction(ctx, async (tx) => {
      await store.addProvider(tx.db, provider)
      const event = { action: 'add_provider', userId: null, details: { provider: provider.id } } as const
      await record(tx, event, asOperator(caller))
    })
  } catch (error) {
    throw error instanceof Conflict ? invalid('id', `is taken: there is a provider ${provider.id}`) : error
  }
  ctx.providers.forget()
  return detailsOf(ctx, provider, 0)
}

/** Without these settings the service does not offer providers. */
function assertServed(ctx: Context): void {
  redirectUriOf(ctx, 'id')
  if (ctx.options.secretKey === '')
    throw new OptionError('secretKey', 'is not set: it encrypts client secrets')
}

function providerIn(ctx: Context, request: AddProviderRequest): store.Provider {
  const { preset: presetName, clientId, clientSecret, linking = 'ask', trustsEmail = false } = request
  if (!PRESETS.includes(presetName)) throw invalid('preset', `is not one of ${PRESETS.join(', ')}`)
  const preset = presetOf(presetName)
  const { id = presetName, scopes = [], createsAccounts = true } = request
  if (!isProviderId(id))
    throw invalid('id', 'is not a slug of at most 32 characters, such as google or my-company')
  if (!LINKING.includes(linking)) throw invalid('linking', `is not one of ${LINKING.join(', ')}`)
  if (clientId === undefined || clientId === '') throw new AuthError('missing_field', { field: 'clientId' })
  if (!/^[\x21-\x7e]{1,512}$/.test(clientId))
    throw invalid('clientId', 'contains spaces, other invisible characters or more than 512 characters')
  assertSecret(presetName, clientSecret)
  if (!scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)))
    throw invalid('scopes', 'contains a space, a quotation mark, a backslash or a character outside of ASCII')
  return {
    id,
    preset: presetName,
    name: nameIn(request.name ?? preset.name),
    issuer: issuerIn(request.issuer ?? preset.issuer),
    clientId,
    sealedClientSecret: clientSecret === undefined ? null : sealClientSecret(ctx, id, clientSecret),
    scopes,
    tenants: tenantsIn(presetName, request.tenants),
    createsAccounts,
    linking,
    trustsEmail,
    createdAt: ctx.now(),
    disabledAt: null,
  }
}

function assertSecret(name: PresetName, secret: string | undefined): void {
  const preset = presetOf(name)
  if (secret === '' || (secret === undefined && preset.needsSecret))
    throw new AuthError('missing_field', { field: 'clientSecret' })
  if (secret === undefined) return
  try {
    preset.assertSecret?.(secret)
  } catch (error) {
    throw invalid('clientSecret', `is not what ${name} needs: ${(error as Error).message}`)
  }
}

function nameIn(given: string): string {
  const checked = checkName(given)
  if ('problem' in checked) throw invalid('name', checked.problem)
  if ([...checked.value].length > 40) throw invalid('name', 'has more than 40 characters')
  return checked.value
}

/** The issuer as its ID tokens must name it: character by character (OpenID Connect Core §2). */
function issuerIn(given: string | null): string {
  if (given === null) throw new AuthError('missing_field', { field: 'issuer' })
  if (!isIssuer(given))
    throw invalid('issuer', 'is not an https URL without a query, of at most 512 characters')
  return given
}

function tenantsIn(preset: PresetName, tenants: readonly string[] = []): readonly string[] {
  if (preset !== 'microsoft') {
    if (tenants.length > 0) throw invalid('tenants', 'is for microsoft only')
    return []
  }
  if (tenants.length === 0)
    throw invalid('tenants', 'is missing: name the tenants whose users may sign in, or * for all')
  if (!tenants.every((tenant) => tenant === '*' || /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(tenant)))
    throw invalid(
      'tenants',
      'contains something that is neither * nor the id of a tenant, a UUID in lower case',
    )
  return tenants
}

function invalid(field: string, problem: string): AuthError {
  return new AuthError('invalid_field', { field, message: `${field} ${problem}` })
}

/** Lists every provider, including disabled ones, in the order in which they were added. */
export async function list(ctx: Context): Promise<ProviderDetails[]> {
  const counts = await store.countIdentities(ctx.db)
  const all = await store.listProviders(ctx.db)
  return all.map((provider) => detailsOf(ctx, provider, counts.get(provider.id) ?? 0))
}

function detailsOf(ctx: Context, provider: store.Provider, identities: number): ProviderDetails {
  const { sealedClientSecret, ...shown } = provider
  return {
    ...shown,
    hasSecret: sealedClientSecret !== null,
    redirectUri: ctx.options.baseUrl === '' ? null : redirectUriOf(ctx, provider.id),
    identities,
  }
}

/** What {@link replaceSecret} takes. */
export interface ReplaceSecretRequest {
  /** The id of the provider. */
  id: string
  /** The new client secret. For `apple`: the signing key. */
  clientSecret: string
}

/**
 * Replaces the client secret of a provider, for example because it expires or has leaked. Identities and sessions stay.
 *
 * @returns `false` if there is no such provider.
 * @throws {AuthError} `missing_field` or `invalid_field` with `field`.
 * @throws {OptionError} `baseUrl` or `secretKey` is not set.
 */
export async function replaceSecret(
  ctx: Context,
  { id, clientSecret }: ReplaceSecretRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<boolean> {
  assertServed(ctx)
  return inTransaction(ctx, async (tx) => {
    const provider = await store.findProvider(tx.db, id)
    if (provider === null) return false
    assertSecret(provider.preset, clientSecret)
    if (!(await store.updateClientSecret(tx.db, id, sealClientSecret(tx, id, clientSecret)))) return false
    const event = { action: 'replace_provider_secret', userId: null, details: { provider: id } } as const
    await record(tx, event, asOperator(caller))
    return true
  })
}

/**
 * Disables a provider: nobody can sign in with it, and sign-ins in progress fail. Identities and sessions stay.
 *
 * @returns `false` if there is no such provider.
 */
export function disable(ctx: Context, id: string, caller: Caller = UNKNOWN_CALLER): Promise<boolean> {
  return setState(ctx, id, 'disable_provider', caller)
}

/** Enables a provider again. @returns `false` if there is no such provider. */
export function enable(ctx: Context, id: string, caller: Caller = UNKNOWN_CALLER): Promise<boolean> {
  return setState(ctx, id, 'enable_provider', caller)
}

async function setState(
  ctx: Context,
  id: string,
  action: 'disable_provider' | 'enable_provider',
  caller: Caller,
): Promise<boolean> {
  const isKnown = await inTransaction(ctx, async (tx) => {
    const disabledAt = action === 'disable_provider' ? tx.now() : null
    if (!(await store.updateProviderState(tx.db, id, disabledAt))) return false
    await record(tx, { action, userId: null, details: { provider: id } }, asOperator(caller))
    return true
  })
  ctx.providers.forget()
  return isKnown
}

/**
 * Removes a provider, and disconnects every identity at it. Users without another way to sign in need
 * `users.sendPasswordReset`.
 *
 * @returns How many identities were disconnected, or `null` if there is no such provider.
 */
export async function remove(
  ctx: Context,
  id: string,
  caller: Caller = UNKNOWN_CALLER,
): Promise<number | null> {
  const identities = await inTransaction(ctx, async (tx) => {
    const count = (await store.countIdentities(tx.db)).get(id) ?? 0
    if (!(await store.deleteProvider(tx.db, id))) return null
    await store.deleteIdentitiesAt(tx.db, id)
    const details = { provider: id, identities: String(count) }
    await record(tx, { action: 'remove_provider', userId: null, details }, asOperator(caller))
    return count
  })
  ctx.providers.forget()
  return identities
}
