/** Glewlwyd, a provider of sign-in written in C by other people, from Debian. */
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, vi } from 'vitest'
import { freePort } from './ports.ts'
import { type OnEnd, startDaemon, temporaryFolder } from './system.ts'

const PROGRAM = '/usr/bin/glewlwyd'
const SCHEMA = '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3'

/** Whether tests with Glewlwyd can run. `scripts/system.mjs --full` reports it if they cannot. */
export const hasGlewlwyd = existsSync(PROGRAM)

export const GLEWLWYD_CLIENT = { clientId: 'bienvenue', clientSecret: 'the secret of this client' }
export const GLEWLWYD_PERSON = {
  username: 'anna',
  password: 'the password of anna',
  email: 'anna@example.org',
}

export interface Glewlwyd {
  readonly issuer: string
  /** The person signs in and agrees. @returns Where the browser is sent. */
  authorize(url: URL): Promise<URL>
}

/** Starts Glewlwyd with one client and one person. It runs until the test ends. */
export async function startGlewlwyd(redirectUri: string, onEnd: OnEnd = onTestFinished): Promise<Glewlwyd> {
  const folder = temporaryFolder(onEnd)
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const database = new DatabaseSync(join(folder, 'glewlwyd.db'))
  database.exec(readFileSync(SCHEMA, 'utf8'))
  database.close()
  const file = join(folder, 'glewlwyd.conf')
  writeFileSync(file, configuration(folder, port))
  await startDaemon({
    program: '/bin/sh',
    args: ['-c', `exec ${PROGRAM} --config-file=${file} 1>&2`],
    // Its last line, a warning about the cookie, comes before it listens.
    ready: 'cookie_secure',
    onEnd,
  })
  await vi.waitFor(() => fetch(`${origin}/config`), { timeout: 20_000 })

  const admin = new Session(origin)
  await admin.call('POST', '/auth/', { username: 'admin', password: 'password' })
  for (const name of ['email', 'profile'])
    await admin.call('POST', '/scope/', { name, description: name, password_required: true, scheme: {} })
  await admin.call('POST', '/mod/plugin/', pluginFor(`${origin}/api/oidc`))
  const scope = ['openid', 'email', 'profile']
  await admin.call('POST', '/client/', {
    client_id: GLEWLWYD_CLIENT.clientId,
    name: 'Bienvenue',
    confidential: true,
    client_secret: GLEWLWYD_CLIENT.clientSecret,
    redirect_uri: [redirectUri],
    authorization_type: ['code'],
    token_endpoint_auth_method: ['client_secret_basic', 'client_secret_post'],
    scope,
    enabled: true,
  })
  await admin.call('POST', '/user/', { ...GLEWLWYD_PERSON, name: 'Anna Bell', scope, enabled: true })

  return {
    issuer: `${origin}/api/oidc`,
    async authorize(url) {
      const { username, password } = GLEWLWYD_PERSON
      const person = new Session(origin)
      await person.call('POST', '/auth/', { username, password })
      await person.call('PUT', `/auth/grant/${GLEWLWYD_CLIENT.clientId}`, { scope: scope.join(' ') })
      url.searchParams.set('g_continue', '')
      return person.redirected(url)
    },
  }
}

/** A signed-in browser. */
class Session {
  readonly #origin: string
  #cookie = ''

  constructor(origin: string) {
    this.#origin = origin
  }

  async call(method: string, path: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json', cookie: this.#cookie }
    const answer = await fetch(`${this.#origin}/api${path}`, { method, headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    this.#cookie = answer.headers.getSetCookie()[0]?.split(';', 1)[0] ?? this.#cookie
  }

  async redirected(url: URL): Promise<URL> {
    const answer = await fetch(url, { headers: { cookie: this.#cookie }, redirect: 'manual' })
    return new URL(answer.headers.get('location') ?? expect.unreachable(`no redirect: ${answer.status}`))
  }
}

function configuration(folder: string, port: number): string {
  const modules = ['user', 'user_middleware', 'client', 'plugin'].map(
    (name) => `${name}_module_path = "/usr/lib/glewlwyd/${name}"`,
  )
  return `
    port = ${port}
    external_url = "http://127.0.0.1:${port}"
    api_prefix = "api"
    login_url = "login.html"
    static_files_path = "/usr/share/glewlwyd/webapp/"
    log_mode = "console"
    log_level = "WARNING"
    cookie_domain = "127.0.0.1"
    session_key = "session"
    session_expiration = 3600
    admin_session_authentication = "cookie"
    profile_session_authentication = "cookie"
    login_api_enabled = true
    admin_scope = "g_admin"
    profile_scope = "g_profile"
    ${modules.join('\n    ')}
    user_auth_scheme_module_path = "/usr/lib/glewlwyd/scheme"
    hash_algorithm = "SHA512"
    database = { type = "sqlite3"; path = "${join(folder, 'glewlwyd.db')}"; };
  `
}

/** The OpenID Connect plugin, with all parameters that it requires. */
function pluginFor(issuer: string): object {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const parameters = {
    iss: issuer,
    'jwt-type': 'ecdsa',
    'jwt-key-size': '256',
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: publicKey.export({ type: 'spki', format: 'pem' }),
    'access-token-duration': 3_600,
    'refresh-token-duration': 3_600,
    'code-duration': 60,
    'refresh-token-rolling': true,
    'allow-non-oidc': false,
    'auth-type-code-enabled': true,
    'auth-type-token-enabled': false,
    'auth-type-id-token-enabled': true,
    'auth-type-none-enabled': false,
    'auth-type-password-enabled': false,
    'auth-type-client-enabled': false,
    'auth-type-refresh-enabled': false,
    'auth-type-device-enabled': false,
    'jwks-show': true,
    'pkce-allowed': true,
    'pkce-method-plain-allowed': false,
    'introspection-revocation-allowed': false,
    'session-management-allowed': false,
    'request-parameter-allow': false,
    'name-claim': 'on-demand',
    'name-claim-scope': ['profile'],
    'email-claim': 'on-demand',
    'email-claim-scope': ['email'],
    'scope-claim': 'no',
    'address-claim': { type: 'no' },
    'subject-type': 'public',
  }
  return { module: 'oidc', name: 'oidc', display_name: 'OpenID Connect', parameters }
}
