/** What only certain source files may do. A new place needs a decision, and then a line here. */
import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

/** The source without its tests and comments. */
const SOURCES = globSync('src/**/*.ts')
  .filter((file) => !file.endsWith('.test.ts'))
  .map((path) => ({
    file: path.replaceAll('\\', '/').slice('src/'.length),
    text: readFileSync(path, 'utf8').replaceAll(/\/\*.*?\*\/|(?<=^|\s)\/\/.*?$/gms, ''),
  }))

function filesWith(pattern: RegExp): string[] {
  return SOURCES.filter(({ text }) => pattern.test(text))
    .map(({ file }) => file)
    .sort()
}

const WRITES =
  /process\.(?:stdout|stderr)|process\[|console\.|emitWarning|\bpino\(|\bcreateLogger\(|writeFile|appendFile|WriteStream|openSync|addAuditRecord\(ctx/

// `http.now()` is the clock of `ProviderHttp`, whose `fetch` is that of lib/outbound.ts.
const CONNECTS =
  /(?:await|=>) fetch\(|\bcreateTransport\(|new pg\.(?:Pool|Client)\(|\b(?:net|tls|http|https|http2|dgram)\.(?!now\()\w+\(|new (?:WebSocket|EventSource|XMLHttpRequest)\b/

it.each<[what: string, pattern: RegExp, files: readonly string[]]>([
  [
    'write to a stream, a log or a file [AUD-05]',
    WRITES,
    [
      'auth/audit/record.ts',
      'auth/delivery/open-mailer.ts',
      'cli/commands/export.ts',
      'cli/commands/import.ts',
      'cli/commands/move.ts',
      'cli/commands/serve.ts',
      'cli/import/progress.ts',
      'cli/init/files.ts',
      'cli/main.ts',
      'cli/run.ts',
      'cli/terminal.ts',
      'cli/text-log.ts',
      'db/sqlite/connection.ts',
      'db/sqlite/group-commit.ts',
      'index.ts',
      'lib/output-file.ts',
      'log.ts',
    ],
  ],
  [
    'open a network connection [CFG-04]',
    CONNECTS,
    // The client runs in the applications, and asks the service.
    [
      'adapters/remote.ts',
      'auth/passwords/policy/breaches.ts',
      'client/index.ts',
      'db/postgres-pipeline.ts',
      'db/postgres.ts',
      'lib/outbound.ts',
      'mail/smtp.ts',
    ],
  ],
  // A sign-in asks the hook `beforeSignIn` first. The others renew a session, or let the program vouch for the user.
  [
    'start a session',
    /await startSession\(/,
    [
      'auth/account/password-change.ts',
      'auth/sessions/create.ts',
      'auth/sign-in/admit.ts',
      'auth/sign-in/renew.ts',
    ],
  ],
  // One place to attach what must happen when a session ends.
  ['delete sessions', /deleteFrom\('sessions'\)|delete from sessions/, ['db/tables/sessions.ts']],
  // The foreign key deletes their sessions, so they end first. The table that adoption takes over has none.
  [
    'delete users',
    /deleteFrom\('users'\)|delete from users/,
    ['db/tables/users-removal.ts', 'db/tools/adoption/index.ts'],
  ],
  [
    'call sql.raw [API-04]',
    /\bsql\.raw\(/,
    [
      'db/dialect.ts',
      'db/migrations/0007-audit.ts',
      'db/migrations/0008-notices.ts',
      'db/migrations/0009-audit-actors.ts',
      'db/migrations/0011-audit-origins.ts',
      'db/tools/adoption/sqlite.ts',
    ],
  ],
  ['call CompiledQuery.raw [API-04]', /\bCompiledQuery\.raw\(/, ['db/sqlite/driver.ts']],
  ['insert HTML without escaping [API-04]', /(?<![.\w])raw\(/, ['mail/layout.ts']],
  [
    'open files by descriptor',
    /\bopenSync\(|\bawait open\(/,
    ['cli/commands/import.ts', 'db/sqlite/connection.ts', 'db/sqlite/group-commit.ts', 'lib/output-file.ts'],
  ],
  ['write files as streams', /\bcreateWriteStream\(/, ['cli/commands/export.ts']],
  [
    'read whole files',
    /\breadFile(?:Sync)?\(/,
    [
      'auth/passwords/policy/common.ts',
      'cli/import/firebase.ts',
      'cli/version.ts',
      'lib/pool.ts',
      'lib/setting-file.ts',
      'pages/assets.ts',
    ],
  ],
  ['start processes', /\bfork\(/, ['cli/workers.ts']],
  // Decision 0021: Firebase hides the key of a project in its hashes.
  ['mix bits by hand [CRY-08]', / \^ | \^= | >>> | <<= /, ['auth/passwords/hashing/firebase.ts']],
  [
    'run other programs or code [API-04]',
    /'node:(?:vm|child_process|worker_threads|inspector|repl|module)'|\beval\(|new Function\b/,
    // A thread, which runs a file beside it.
    ['db/sqlite/checkpoints.ts'],
  ],
  [
    'build a regular expression, or HTML in the browser [API-04]',
    /new RegExp\(|innerHTML|outerHTML|insertAdjacentHTML|document\.write/,
    [],
  ],
])('only these files %s', (_, pattern, files) => {
  expect(filesWith(pattern)).toEqual(files)
})

const NETWORK =
  /(?:import (?!type)|const )(?:\{([^}]*)\}|[\w* ]+) (?:from |= process\.getBuiltinModule\(|= await import\()'(?:node:)?(net|tls|http|https|http2|dgram|dns|undici)(?:\/\w+)?'/g

it('only these files import from modules of the network, except to parse addresses [CFG-04]', () => {
  const imported = SOURCES.flatMap(({ file, text }) =>
    [...text.matchAll(NETWORK)].flatMap(([, names = '*', module]) =>
      names.split(',').map((name) => `${file} ${module} ${name.trim()}`),
    ),
  )
  const harmless = / (?:type \w+|isIP|isIPv4|isIPv6|BlockList)$/
  expect(imported.filter((name) => !harmless.test(name)).sort()).toEqual([
    'app/server.ts http STATUS_CODES',
    'app/server.ts http createServer',
    'app/server.ts net Server: NetServer',
    // Listens for a moment, to find a free port in development mode.
    'cli/commands/serve.ts net createServer',
  ])
})

it('scripts of the pages ask only the service [CFG-04]', () => {
  for (const file of globSync('src/pages/browser/*.js')) {
    const text = readFileSync(file, 'utf8')
    expect(text).not.toMatch(/WebSocket|EventSource|XMLHttpRequest|sendBeacon|import\b/)
    const asks = /(?:link-page|passkeys)\.js$/.test(file)
    expect(text.match(/fetch\([^,]*/g) ?? [], file).toEqual(asks ? ['fetch(url'] : [])
  }
})

const CRYPTO_IMPORT =
  /(?:import|const) \{([^}]*)\} (?:from |= process\.getBuiltinModule\(|= await import\()'((?:node:)?crypto|@?[\w/-]*(?:argon|bcrypt|scrypt|noble|jose|jwt)[\w/-]*)'/g

it('only these files use cryptography, and only these primitives [CRY-01, CRY-02, CRY-08]', () => {
  const used = SOURCES.flatMap(({ file, text }) =>
    [...text.matchAll(CRYPTO_IMPORT)].flatMap(([, names = '', module]) =>
      names
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && !name.startsWith('type '))
        .map((name) => `${file}: ${name} of ${module}`),
    ),
  )
  expect(used.sort()).toEqual([
    'adapters/signed-in.ts: randomUUID of node:crypto',
    'app/request-log.ts: randomUUID of node:crypto',
    'auth/passwords/hashing/argon2.ts: argon2 of node:crypto',
    'auth/passwords/hashing/argon2.ts: randomBytes of node:crypto',
    'auth/passwords/hashing/bcrypt.ts: createHmac of node:crypto',
    'auth/passwords/hashing/bcrypt.ts: hash of @node-rs/bcrypt',
    'auth/passwords/hashing/bcrypt.ts: verify of @node-rs/bcrypt',
    'auth/passwords/hashing/firebase.ts: createCipheriv of node:crypto',
    'auth/passwords/hashing/pbkdf2.ts: pbkdf2 of node:crypto',
    'auth/passwords/hashing/scrypt.ts: scrypt of node:crypto',
    'auth/passwords/policy/breaches.ts: hash of node:crypto',
    'cli/commands/mail.ts: randomUUID of node:crypto',
    'lib/digest.ts: hash of node:crypto',
    'lib/digest.ts: timingSafeEqual of node:crypto',
    'lib/keyring.ts: createHmac of node:crypto',
    'lib/keyring.ts: hkdfSync of node:crypto',
    'lib/output-file.ts: randomBytes of node:crypto',
    'lib/random.ts: randomBytes of node:crypto',
    'lib/random.ts: randomInt of node:crypto',
    'lib/recovery-code.ts: randomBytes of node:crypto',
    'lib/seal.ts: createCipheriv of node:crypto',
    'lib/seal.ts: createDecipheriv of node:crypto',
    'lib/seal.ts: randomBytes of node:crypto',
    'lib/totp.ts: createHmac of node:crypto',
    'lib/totp.ts: randomBytes of node:crypto',
  ])
  // None comes in by another way.
  expect(
    filesWith(/(?:import \*|import \w+|(?<!\} = await )import\(|require\().*(?:crypto|bcrypt|argon2)/),
  ).toEqual([])
  expect(filesWith(/\bcrypto\s*\.|\bsubtle\b|\bMath\b.*\brandom\b|'node:tls'/)).toEqual([])
})

const ALGORITHM = /'((?:sha|md|argon2|aes|hmac|rsa|ripemd|bcrypt|scrypt|pbkdf|blake|ed25519|chacha)[\w-]*)'/gi

it('only these files name algorithms, and SHA-1 only for the breach service and TOTP [CRY-02, CRY-08]', () => {
  const named = SOURCES.flatMap(({ file, text }) =>
    [...text.matchAll(ALGORITHM)].map(([, name]) => `${file}: ${name}`),
  )
  expect([...new Set(named)].sort()).toEqual([
    'auth/passwords/hashing/argon2.ts: argon2i',
    'auth/passwords/hashing/argon2.ts: argon2id',
    // Only to verify hashes of WordPress.
    'auth/passwords/hashing/bcrypt.ts: sha384',
    // Only to verify hashes of Firebase.
    'auth/passwords/hashing/firebase.ts: aes-256-ctr',
    'auth/passwords/hashing/index.ts: argon2id',
    'auth/passwords/hashing/index.ts: bcrypt',
    'auth/passwords/hashing/pbkdf2.ts: sha256',
    'auth/passwords/hashing/pbkdf2.ts: sha512',
    'auth/passwords/password.ts: bcrypt',
    'auth/passwords/policy/breaches.ts: sha1',
    // In the ID tokens of providers.
    'auth/providers/protocol/tokens.ts: Ed25519',
    'auth/service.ts: bcrypt',
    'cli/commands/doctor.ts: bcrypt',
    'lib/digest.ts: sha256',
    'lib/keyring.ts: sha256',
    'lib/seal.ts: aes-256-gcm',
    'lib/totp.ts: sha1',
    'options/given.ts: argon2id',
    'options/given.ts: bcrypt',
    'options/passwords.ts: argon2id',
    'options/passwords.ts: bcrypt',
  ])
  expect(filesWith(/\bmd5|\bsha-?1\b|'des\b|\brc4\b/i)).toEqual([
    // Recognises unsupported hashes to report them.
    'auth/passwords/hashing/unverifiable.ts',
    'auth/passwords/policy/breaches.ts',
    'lib/totp.ts',
  ])
})

it('a UUID is an id, and never a secret [CRY-01]', () => {
  const elsewhere = /(?<!\bid: |\bid = |#id \?\?= )\b(?:uuidV7|randomUUID)\(/
  expect(filesWith(elsewhere)).toEqual(['adapters/signed-in.ts', 'lib/random.ts'])
  expect(filesWith(/\bgenerateUuid\(/)).toEqual(['auth/service.ts', 'lib/random.ts'])
  expect(filesWith(/\brandomSecret\(/)).toEqual([
    'app/browser.ts',
    'auth/passkeys/start.ts',
    // The temporary key of development mode.
    'auth/service.ts',
    'auth/sign-in/devices.ts',
    'lib/bearer.ts',
    'lib/random.ts',
  ])
})

it('secrets are compared only in constant time [CRY-07]', () => {
  expect(filesWith(/\btimingSafeEqual\(/)).toEqual(['lib/digest.ts'])
  expect(filesWith(/\bequalInConstantTime\(/)).toEqual([
    'auth/passkeys/webauthn/checks.ts',
    'auth/passwords/hashing/argon2.ts',
    'auth/passwords/hashing/firebase.ts',
    'auth/passwords/hashing/pbkdf2.ts',
    'auth/passwords/hashing/scrypt.ts',
    'auth/providers/complete.ts',
    'auth/providers/flows.ts',
    'auth/sessions/guards.ts',
    'auth/sign-in/pending.ts',
    'auth/tokens.ts',
    'lib/digest.ts',
    'lib/keyring.ts',
    'lib/totp.ts',
  ])
  expect(
    filesWith(
      /[!=]==?\s*[\w.?]*(?:secretHash|secret_hash|\bmac|\bsignature)\b|\b(?:secretHash|secret_hash|mac|signature)\s*[!=]==?(?!=|\s*undefined)/,
    ),
    // The length of a signature.
  ).toEqual(['auth/passkeys/webauthn/assertion.ts'])
  expect(
    filesWith(/[!=]==?\s*[\w.]*\btag\b|\btag\s*[!=]==?/).filter((file) => file.startsWith('auth/')),
  ).toEqual([])
  // The ids of passkeys, which are public, and the first bytes of a PNG file.
  expect(filesWith(/\.equals\(|\.compare\(|localeCompare/)).toEqual([
    'auth/passkeys/webauthn/assertion.ts',
    'auth/passkeys/webauthn/registration.ts',
    'lib/logo.ts',
  ])
})

it('sessions are deleted by one statement', () => {
  const statements = SOURCES.flatMap(({ text }) => text.match(/deleteFrom\('sessions'\)/g) ?? [])
  expect(statements).toHaveLength(1)
})
