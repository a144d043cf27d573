/** A provider of sign-in on loopback. It answers correctly, unless a test changes a part of an answer. */
import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { CompactSign, exportJWK, exportSPKI, generateKeyPair, type JWK } from 'jose'
import { onTestFinished } from 'vitest'
import { type OnEnd, serve } from './system.ts'

type Json = Record<string, unknown>
type Change = (answer: Json) => Json

/** Each knob changes one answer. Tests can turn them while the provider runs. */
export interface FakeProviderKnobs {
  /** The path of the issuer, such as `/common/v2.0`. Default: none. */
  path?: string
  /** The discovery document. */
  document?: Change
  /** The key document. */
  keys?: Change
  /** The parameters with which the browser returns. */
  callback?: Change
  /** The answer of the token endpoint. */
  tokens?: Change
  /** The status of that answer. */
  tokenStatus?: number
  /** The claims of the ID token. `undefined` removes one. */
  claims?: Change
  /** The header of the ID token. */
  header?: Change
  /** How the ID token is signed: not at all, with the public key as a shared secret, or with a key that is not published. */
  signature?: 'none' | 'public key' | 'other key'
  /** The answer of UserInfo. */
  userInfo?: Change
  /** GitHub's answers. */
  github?: { user?: Json; emails?: unknown }
  /** Answers a request itself, and returns `true`. */
  intercept?: (request: IncomingMessage, response: ServerResponse) => boolean
}

export interface FakeProvider {
  readonly origin: string
  readonly issuer: string
  /** The issuer of the preset `github`. */
  readonly githubIssuer: string
  knobs: FakeProviderKnobs
  /** Method and path of every request, in order. */
  readonly requests: string[]
  /** The bodies and the Authorization header of the requests to the token endpoint. */
  readonly tokenRequests: { authorization: string | undefined; form: URLSearchParams }[]
  /** The person agrees. @returns Where the provider sends the browser. */
  authorize(url: URL): URL
  /** Signs a token like an ID token. */
  sign(claims: Json, header?: Json): Promise<string>
}

export const FAKE_CLIENT = { clientId: 'bienvenue-client', clientSecret: 'a client secret: &%+' }
/** The person who signs in. */
export const FAKE_PERSON = {
  sub: 'person-1',
  email: 'anna@example.org',
  email_verified: true,
  name: 'Anna Bell',
}

/** Starts a provider. It runs until the test ends. */
export async function startFakeProvider(
  knobs: FakeProviderKnobs = {},
  onEnd: OnEnd = onTestFinished,
): Promise<FakeProvider> {
  const [key, other] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')])
  const jwk: JWK = { ...(await exportJWK(key.publicKey)), kid: 'key-1', use: 'sig', alg: 'ES256' }
  const codes = new Map<string, URLSearchParams>()

  const origin = await serve((request, response) => {
    answer(request, response).catch(() => response.destroy())
  }, onEnd)

  const fake: FakeProvider = {
    origin,
    get issuer() {
      return `${origin}${fake.knobs.path ?? ''}`
    },
    githubIssuer: `${origin}/login/oauth`,
    knobs,
    requests: [],
    tokenRequests: [],
    authorize({ searchParams }) {
      const code = randomUUID()
      codes.set(code, searchParams)
      const parameters = { code, state: searchParams.get('state'), iss: fake.issuer }
      const changed = fake.knobs.callback?.(parameters) ?? parameters
      const url = new URL(searchParams.get('redirect_uri') ?? '')
      for (const [name, value] of Object.entries(changed))
        if (value !== undefined) url.searchParams.append(name, String(value))
      return url
    },
    async sign(claims, header = {}) {
      const protectedHeader = { alg: 'ES256', kid: 'key-1', ...header }
      const payload = new TextEncoder().encode(JSON.stringify(claims))
      const { signature } = fake.knobs
      if (signature === 'none') {
        const none = Buffer.from(JSON.stringify({ ...protectedHeader, alg: 'none' }))
        return `${none.toString('base64url')}.${Buffer.from(payload).toString('base64url')}.`
      }
      if (signature === 'public key') {
        const secret = new TextEncoder().encode(await exportSPKI(key.publicKey))
        return new CompactSign(payload).setProtectedHeader({ ...protectedHeader, alg: 'HS256' }).sign(secret)
      }
      const signer = signature === 'other key' ? other.privateKey : key.privateKey
      return new CompactSign(payload).setProtectedHeader(protectedHeader).sign(signer)
    },
  }

  const documentOf = (): Json => ({
    issuer: fake.issuer,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    userinfo_endpoint: `${origin}/userinfo`,
    jwks_uri: `${origin}/keys`,
    id_token_signing_alg_values_supported: ['ES256', 'HS256', 'none'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    authorization_response_iss_parameter_supported: true,
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', origin)
    fake.requests.push(`${request.method} ${url.pathname}`)
    if (fake.knobs.intercept?.(request, response)) return
    const { document, keys, userInfo, github } = fake.knobs
    const json = (body: unknown, status = 200) =>
      response
        .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
        .end(JSON.stringify(body))
    if (url.pathname.endsWith('/.well-known/openid-configuration'))
      json(document?.(documentOf()) ?? documentOf())
    else if (url.pathname === '/keys') json(keys?.({ keys: [jwk] }) ?? { keys: [jwk] })
    else if (url.pathname === '/userinfo') json(userInfo?.({ ...FAKE_PERSON }) ?? FAKE_PERSON)
    else if (url.pathname === '/api/v3/user') json(github?.user)
    else if (url.pathname === '/api/v3/user/emails') json(github?.emails)
    else if (url.pathname.endsWith('/authorize'))
      response.writeHead(303, { location: fake.authorize(url).href }).end()
    else if (url.pathname === '/token' || url.pathname === '/login/oauth/access_token')
      await token(request, json)
    else json({}, 404)
  }

  async function token(
    request: IncomingMessage,
    json: (body: unknown, status?: number) => void,
  ): Promise<void> {
    const form = new URLSearchParams((await request.toArray()).join(''))
    fake.tokenRequests.push({ authorization: request.headers.authorization, form })
    const code = form.get('code') ?? ''
    const asked = codes.get(code)
    codes.delete(code)
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const isRight =
      asked?.get('code_challenge') === challenge && asked.get('redirect_uri') === form.get('redirect_uri')
    // GitHub sends errors with status 200.
    const isGithub = request.url === '/login/oauth/access_token'
    if (asked === undefined || !isRight) return json({ error: 'invalid_grant' }, isGithub ? 200 : 400)
    const { claims, header, tokens, tokenStatus } = fake.knobs
    const now = Math.floor(Date.now() / 1_000)
    const claimed = {
      iss: fake.issuer,
      aud: FAKE_CLIENT.clientId,
      iat: now,
      exp: now + 300,
      nonce: asked.get('nonce'),
      ...(asked.has('max_age') && { auth_time: now }),
      ...FAKE_PERSON,
    }
    const idToken = await fake.sign(claims?.(claimed) ?? claimed, header?.({}) ?? {})
    const body = {
      access_token: randomUUID(),
      token_type: 'Bearer',
      ...(!isGithub && { id_token: idToken }),
    }
    json(tokens?.(body) ?? body, tokenStatus)
  }

  return fake
}
