/**
 * Malformed inputs for every parser of data from outside. A parser may refuse an input with an error of ours. Any other error would
 * be a 500, or end the process.
 */
import { readFields } from '../../src/app/body.ts'
import { readCookie, sessionCookiesIn } from '../../src/app/cookies.ts'
import { createGuard } from '../../src/app/guards.ts'
import { parseHeaderValue } from '../../src/app/header-value.ts'
import { type Incoming, pathOf } from '../../src/app/incoming.ts'
import { readHash } from '../../src/auth/passwords/hashing/index.ts'
import { readTimestamp } from '../../src/auth/transfer/timestamp.ts'
import { parseDatabaseUrl } from '../../src/db/url.ts'
import { parseBearer } from '../../src/lib/bearer.ts'
import { negotiate } from '../../src/lib/language.ts'
import { clientAddress, parseNetworks } from '../../src/lib/proxies.ts'
import { isPublicAddress } from '../../src/lib/public-address.ts'
import { parseTotpCode } from '../../src/lib/totp.ts'
import { AuthError, OptionError } from '../../src/model/errors.ts'
import { isEmailAddress, isUnambiguousEmail, normalizeEmail, storedEmail } from '../../src/model/user.ts'
import { mutate, seeded } from './mutate.ts'

interface Target {
  readonly name: string
  readonly corpus: readonly string[]
  readonly parse: (bytes: Buffer) => unknown
}

const asText = (parse: (text: string) => unknown) => (bytes: Buffer) => parse(bytes.toString('utf8'))
/** Node gives header values as Latin-1. */
const asHeader = (parse: (text: string) => unknown) => (bytes: Buffer) => parse(bytes.toString('latin1'))

const FORM = 'application/x-www-form-urlencoded'
const MULTIPART = 'multipart/form-data; boundary=b'
const TYPES = [FORM, 'multipart/form-data', 'application/json']
const UUID = '019aa65e-1c00-7abc-8def-0123456789ab'
const COOKIE_OPTIONS = {
  mode: 'classic',
  cookieDomain: '',
  secureCookie: false,
  sessionLifetimeSeconds: 60,
} as const
const PROXIES = parseNetworks('127.0.0.1, 10.0.0.0/8')
const guard = createGuard({
  mode: 'production',
  baseUrl: 'https://auth.example.com',
  allowedHosts: '',
  trustedOrigins: 'https://app.example.com',
})

function incoming(
  target: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array = new Uint8Array(),
): Incoming {
  return {
    method: 'POST',
    target,
    peer: '127.0.0.1',
    header: (name) => headers[name] ?? null,
    readBody: async () => ({ bytes: body }),
  }
}

const body = (type: string) => (bytes: Buffer) =>
  readFields(incoming('/', { 'content-type': type, 'content-length': String(bytes.length) }, bytes), TYPES)

export const TARGETS: readonly Target[] = [
  {
    name: 'a form',
    corpus: ['email=a%40example.com&password=b4l0u', 'a=&b=%E4%B8%96&c=+'],
    parse: body(FORM),
  },
  {
    name: 'JSON',
    corpus: ['{"email":"a@example.com","password":"b4l0u"}', '{"a":{"b":[1,-2.5e3,null,true,"\\u00e9"]}}'],
    parse: body('application/json'),
  },
  {
    name: 'multipart',
    corpus: [
      '--b\r\nContent-Disposition: form-data; name="email"\r\n\r\na@example.com\r\n--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nb4l0u\r\n--b--\r\n',
    ],
    parse: body(MULTIPART),
  },
  {
    name: 'a media type',
    corpus: [FORM, MULTIPART, 'application/json; charset="utf-8"', 'text/plain; a="\\"";; b=c'],
    parse: asHeader((text) => {
      parseHeaderValue(text)
      return body(text)(Buffer.from('--b\r\n\r\n--b--'))
    }),
  },
  {
    name: 'a cookie header',
    corpus: [`session_id=${UUID}.${'A'.repeat(43)}`, 'a=b; session_id=c; session_id="d"'],
    parse: asHeader((text) => {
      sessionCookiesIn(text)
      const token = readCookie('session_id', text, COOKIE_OPTIONS)
      return token === null ? null : parseBearer(token)
    }),
  },
  { name: 'a token', corpus: [`${UUID}.${'A-_z'.repeat(10)}abc`], parse: asText(parseBearer) },
  {
    name: 'an address',
    corpus: ['alice@example.com', '"a b"@[127.0.0.1]', 'zoé@bücher.example', 'a+b@xn--bcher-kva.example'],
    parse: asText((text) => [
      isEmailAddress(text),
      isUnambiguousEmail(text),
      storedEmail(text),
      isEmailAddress(text) && normalizeEmail(text),
    ]),
  },
  {
    name: 'the target and the headers of a request',
    corpus: [
      '/users',
      '/profile?a=b#c',
      'http://auth.example.com/users',
      'https://app.example.com',
      '//evil/%2e%2e',
    ],
    parse: asHeader((text) => {
      pathOf(text)
      for (const name of ['host', 'origin', 'sec-fetch-site', 'x-forwarded-host', 'transfer-encoding'])
        refusable(() => guard(incoming('/users', { host: 'auth.example.com', [name]: text }), () => true))
      guard(incoming(text, { host: 'auth.example.com' }), () => true)
    }),
  },
  {
    name: 'X-Forwarded-For',
    corpus: ['192.0.2.1, 10.0.0.1', '[2001:db8::1]:80, unknown', '::ffff:192.0.2.1%eth0'],
    parse: asHeader((text) => [clientAddress('127.0.0.1', text, PROXIES), isPublicAddress(text)]),
  },
  {
    name: 'Accept-Language',
    corpus: ['fr-CH, fr;q=0.9, en;q=0.8, *;q=0.1', 'de'],
    parse: asHeader((text) => negotiate(text, ['en', 'fr', 'de', 'es'])),
  },
  { name: 'networks', corpus: ['10.0.0.0/8, ::1, 2001:db8::/32'], parse: asText(parseNetworks) },
  {
    name: 'a database URL',
    corpus: [
      'sqlite:bienvenue.db',
      'sqlite:////srv/a.db',
      'postgres://u:p@localhost:5432/db?sslmode=require',
    ],
    parse: asText(parseDatabaseUrl),
  },
  {
    name: 'a password hash',
    corpus: [
      '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW',
      '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
      'pbkdf2_sha256$870000$salt$aGFzaA==',
      'scrypt:32768:8:1$salt$00ff',
      '{SSHA512}AAAA',
    ],
    parse: asText(readHash),
  },
  {
    name: 'a timestamp',
    corpus: ['2026-11-21T12:00:00Z', '2026-11-21 12:00:00.123456+01', '1763726400000'],
    parse: asText(readTimestamp),
  },
  { name: 'a code of an app', corpus: ['123456', '123 456'], parse: asText(parseTotpCode) },
]

function isOurs(error: unknown): boolean {
  return error instanceof AuthError || error instanceof OptionError
}

function refusable(run: () => unknown): void {
  try {
    run()
  } catch (error) {
    if (!isOurs(error)) throw error
  }
}

export interface Failure {
  readonly target: string
  /** In base64. */
  readonly input: string
  readonly error: unknown
}

/**
 * @param inputs - How many, for all targets together.
 * @returns The first failure of each target.
 */
export async function runFuzz(inputs: number, seed: number, targets = TARGETS): Promise<readonly Failure[]> {
  const failures: Failure[] = []
  const each = Math.ceil(inputs / targets.length)
  for (const { name, corpus, parse } of targets) {
    const random = seeded(seed)
    const seeds = corpus.map((text) => Buffer.from(text))
    for (let count = 0; count < each; count++) {
      // Every other input is a mutation of a mutation, so that they drift away from the corpus.
      const base = seeds[random(seeds.length)] ?? Buffer.alloc(0)
      const once = mutate(base, seeds, random)
      const input = random(2) === 0 ? once : mutate(once, seeds, random)
      try {
        await parse(input)
      } catch (error) {
        if (isOurs(error)) continue
        failures.push({ target: name, input: input.toString('base64'), error })
        break
      }
    }
  }
  return failures
}
