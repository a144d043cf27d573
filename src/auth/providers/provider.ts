/** Finds providers, and seals and opens their client secrets. */
import * as store from '../../db/index.ts'
import type { Unopened } from '../../lib/seal.ts'
import { withoutTrailing } from '../../lib/without-trailing.ts'
import { AuthError, OptionError } from '../../model/errors.ts'
import type { Context } from '../context.ts'
import { seal, unseal } from '../secrets/sealing.ts'
import type { ProviderConfig } from './protocol/index.ts'

const SECRET = 'providers.sealed_client_secret'

/**
 * The enabled provider with this id.
 *
 * @throws {AuthError} `not_found`: there is none, or it is disabled.
 */
export async function requireProvider(ctx: Context, id: string): Promise<store.Provider> {
  const provider = await requireKnownProvider(ctx, id)
  if (provider.disabledAt !== null) throw new AuthError('not_found')
  return provider
}

/**
 * The provider with this id, even a disabled one.
 *
 * @throws {AuthError} `not_found`: there is none.
 */
export async function requireKnownProvider(ctx: Context, id: string): Promise<store.Provider> {
  const provider = await store.findProvider(ctx.db, id)
  if (provider === null) throw new AuthError('not_found')
  return provider
}

/**
 * A provider as its protocol needs it, with the client secret.
 *
 * @throws {AuthError} `unavailable`: the key of the secret is no longer in `secretKey`, or the secret was altered.
 */
export function configOf({ keys }: Context, provider: store.Provider): ProviderConfig {
  const { id, preset, issuer, clientId, scopes, tenants, trustsEmail, sealedClientSecret: sealed } = provider
  const config = { id, preset, issuer, clientId, scopes, tenants, trustsEmail }
  if (sealed === null) return { ...config, clientSecret: null }
  const opened = open(keys, id, sealed)
  if (typeof opened === 'string') {
    const cause = new Error(`the client secret of the provider ${id} does not open: ${opened}`)
    throw new AuthError('unavailable', { cause })
  }
  return { ...config, clientSecret: Buffer.from(opened).toString('utf8') }
}

function open(keys: Context['keys'], id: string, sealed: Uint8Array): Uint8Array | Unopened {
  return keys === null ? 'unknown_key' : unseal(keys, SECRET, id, sealed)
}

/** Whether the client secret of a provider opens with these keys. `true` if it has none. */
export function opensClientSecret(
  keys: Context['keys'],
  { id, sealedClientSecret: sealed }: Pick<store.Provider, 'id' | 'sealedClientSecret'>,
): boolean {
  return sealed === null || typeof open(keys, id, sealed) !== 'string'
}

/** @throws {OptionError} There is no secret key. */
export function sealClientSecret({ keys }: Context, id: string, secret: string): Uint8Array {
  if (keys === null) throw new OptionError('secretKey', 'is not set: it encrypts client secrets')
  return seal(keys, SECRET, id, Buffer.from(secret, 'utf8'))
}

/**
 * Where a provider sends people back to. An operator registers it there.
 *
 * @throws {OptionError} `baseUrl` is not set.
 */
export function redirectUriOf({ options }: Context, providerId: string): string {
  if (options.baseUrl === '')
    throw new OptionError('baseUrl', 'is not set: providers must know where to send people back')
  return `${withoutTrailing(options.baseUrl, '/')}/login/${providerId}/callback`
}
