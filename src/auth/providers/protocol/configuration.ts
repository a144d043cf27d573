import { presetOf } from '../presets/index.ts'
import { clientAuthOf } from './client-secret.ts'
import { githubMetadata } from './github.ts'
import type { Configuration, Library } from './library.ts'
import { metadataOf, type ProviderMetadata } from './metadata.ts'
import { type ProviderConfig, type ProviderHttp, TENANT } from './provider.ts'
import { ALGORITHMS } from './tokens.ts'

/** How far the clock of a provider may differ from ours. */
export const CLOCK_TOLERANCE_SECONDS = 60

/** A provider as the library knows it, with metadata that is at most a day old. */
export async function configure(
  http: ProviderHttp,
  provider: ProviderConfig,
  library: Library,
): Promise<Configuration> {
  const now = http.now()
  const metadata =
    presetOf(provider.preset).protocol === 'github'
      ? githubMetadata(provider.issuer)
      : (await metadataOf(http, provider, library)).metadata
  const { token_endpoint_auth_methods_supported: methods } = metadata
  const auth = await clientAuthOf(library, provider, methods, now)
  const client = {
    // The library reads the system clock.
    [library.clockSkew]: Math.round((now.getTime() - Date.now()) / 1_000),
    [library.clockTolerance]: CLOCK_TOLERANCE_SECONDS,
  }
  // Our fetch decides where plain http is allowed.
  const execute = [library.allowInsecureRequests]
  const configuration = await library.discovery(serverOf(metadata), provider.clientId, client, auth, {
    execute,
    // We have the document, and have checked it.
    [library.customFetch]: async () =>
      // We verify ID tokens ourselves, and some providers list no algorithm, or the wrong ones.
      Response.json({ ...metadata, id_token_signing_alg_values_supported: ALGORITHMS }),
  })
  configuration[library.customFetch] = http.fetch as never
  return configuration
}

/** For issuers at this address, the library puts the tenant of a token into the issuer that it expects. */
const ENTRA = new URL('https://login.microsoftonline.com/common/v2.0')

function serverOf({ issuer }: ProviderMetadata): URL {
  return issuer.includes(TENANT) ? ENTRA : new URL(issuer)
}
