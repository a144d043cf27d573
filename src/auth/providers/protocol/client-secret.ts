import { readAppleKey } from '../presets/apple.ts'
import type { ClientAuth, Library } from './library.ts'
import type { ProviderConfig } from './provider.ts'

/** The lifetime of an Apple secret, which is made for one request. Apple accepts up to 6 months. */
const APPLE_SECRET_SECONDS = 300

/** How we prove to the token endpoint which client we are (RFC 6749 §2.3). PKCE proves which browser asked. */
export async function clientAuthOf(
  library: Library,
  provider: ProviderConfig,
  methods: readonly unknown[] | undefined,
  now: Date,
): Promise<ClientAuth> {
  const { clientSecret, preset } = provider
  if (clientSecret === null) return library.None()
  const secret = preset === 'apple' ? await appleSecret(library, provider, clientSecret, now) : clientSecret
  // Without a list, the method is client_secret_basic (OpenID Connect Discovery 1.0 §3).
  const isBasic = methods === undefined || methods.includes('client_secret_basic')
  const isPost = methods?.includes('client_secret_post') === true
  // Not every provider decodes its encoding (RFC 6749 §2.3.1): Glewlwyd 2.7.5 refuses a secret with a space.
  const needsEncoding = [provider.clientId, secret].some((text) => encodeURIComponent(text) !== text)
  return isBasic && !(needsEncoding && isPost)
    ? library.ClientSecretBasic(secret)
    : library.ClientSecretPost(secret)
}

/** @see {@link https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret Apple's documentation} */
async function appleSecret(
  { SignJWT, importPKCS8 }: Library,
  { clientId, issuer }: ProviderConfig,
  secret: string,
  now: Date,
): Promise<string> {
  const { teamId, keyId, privateKey } = readAppleKey(secret)
  const seconds = Math.floor(now.getTime() / 1_000)
  return new SignJWT()
    .setProtectedHeader({ alg: 'ES256', kid: keyId })
    .setIssuer(teamId)
    .setSubject(clientId)
    .setAudience(issuer)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + APPLE_SECRET_SECONDS)
    .sign(await importPKCS8(privateKey, 'ES256'))
}
