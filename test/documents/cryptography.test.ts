/** docs/security/cryptography.md: every primitive, every key and secret. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createKeyring, parseSecretKeys } from '../../src/lib/keyring.ts'
import { OPTION_TABLE } from '../../src/options/index.ts'
import {
  code,
  codes,
  filesWith,
  read,
  SETTINGS_BY_ENV,
  SOURCES,
  sorted,
  sourceOf,
  table,
  wordsOfType,
} from './pages.ts'

describe('docs/security/cryptography.md', () => {
  const page = 'docs/security/cryptography.md'
  const primitives = table(page, 'Primitives')
  const secrets = table(page, 'Keys and secrets')

  const MODULES =
    /(?:import|const) \{([^}]*)\} (?:from |= process\.getBuiltinModule\()'((?:node:)?crypto|@?[\w/-]*(?:argon|bcrypt|scrypt|noble|jose|jwt)[\w/-]*)'/g

  it('has every primitive of the source with its place, and none is of our own making [CRY-08]', () => {
    const used = SOURCES.flatMap(({ file, text }) =>
      [...text.matchAll(MODULES)].flatMap(([, names = '', module]) =>
        names.split(',').map((name) => `${file} ${module} ${name.trim()}`),
      ),
    )
    const described = primitives.map(({ In, From, Primitive }) => [In, From, Primitive].map(code).join(' '))
    expect(described.sort()).toEqual(used.sort())
    // Nor does any come in by another door.
    expect(filesWith(/(?:import \*|import \w+|import\(|require\().*(?:crypto|bcrypt|argon2)/)).toEqual([])
    expect(filesWith(/\bcrypto\s*\.|\bsubtle\b|\bMath\s*\.\s*random\b|'node:tls'/)).toEqual([])
    // What mixes bits by hand would be a cipher or a hash of our own.
    // The one place takes the key of a Firebase project out of its hashes (decision 0021).
    expect(filesWith(/ \^ | \^= | >>> | <<= /)).toEqual(['src/auth/passwords/hashing/firebase.ts'])
  })

  const ALGORITHM =
    /'((?:sha|md|argon2|aes|hmac|rsa|ripemd|bcrypt|scrypt|pbkdf|blake|ed25519|chacha)[\w-]*)'/gi

  it('has every algorithm that the source names, of which one is not approved: SHA-1, for the look-up [CRY-08]', () => {
    const named = SOURCES.flatMap(({ text }) => [...text.matchAll(ALGORITHM)].map(([, name = '']) => name))
    const described = primitives.flatMap(({ Algorithm }) => codes(Algorithm))
    expect(sorted([...described, ...OPTION_TABLE.passwordHash.kind.of])).toEqual(sorted(named))
    const exceptions = primitives.filter(({ Algorithm }) => code(Algorithm) === 'sha1')
    expect(exceptions.map(({ In }) => code(In))).toEqual(['src/auth/passwords/policy/breaches.ts'])
    expect(sorted(described)).toEqual(['aes-256-ctr', 'argon2i', 'argon2id', 'sha1', 'sha256', 'sha512'])
  })

  it('has every key and secret with its place, strength and rotation [CRY-08]', () => {
    const named = secrets.map(({ Secret }) => code(Secret)).filter((name) => name !== '')
    const settings = [...SETTINGS_BY_ENV].filter(([, { secret }]) => secret).map(([env]) => env)
    const signed = SOURCES.filter(({ text }) => /\bkeys\.sign\(/.test(text)).map(
      ({ file, text }) => /^const PURPOSE = '(\w+)'$/m.exec(text)?.[1] ?? expect.unreachable(file),
    )
    expect(sorted(named)).toEqual(
      sorted([...settings, ...signed, ...wordsOfType('src/db/tables/tokens.ts', 'TokenPurpose')]),
    )
    for (const purpose of signed) expect(read(page)).toContain(`\`bienvenue sign ${purpose}\``)
    for (const row of secrets) expect(Object.values(row), row.Secret).not.toContain('')
    // Of what an operator keeps: when it is replaced, and in the manual how.
    const manual = read('docs/guide/operate.md').split('### Rotating secrets')[1] ?? ''
    const inManual = (env: string) => (env === 'DATABASE_URL' ? 'service on PostgreSQL' : `\`${env}\``)
    for (const { Secret, Replaced } of secrets.filter((row) => settings.includes(code(row.Secret)))) {
      expect(Replaced).toMatch(/^once a year, and when somebody may know it/)
      expect(manual).toContain(inManual(code(Secret)))
    }
  })

  it('says how each primitive would be replaced [CRY-08]', () => {
    const plans = table(page, 'Replacing a primitive')
    const planned = plans.map(({ What }) => What).join()
    for (const what of ['password hash', 'SHA-256', 'HMAC', 'HKDF', 'SHA-1', 'generator', 'comparison'])
      expect(planned).toContain(what)
    for (const { How } of plans) expect(How).not.toBe('')
  })

  const PUBLIC_KEYS =
    /\b(?:createSign|createVerify|generateKeyPair|createPrivateKey|createPublicKey|createECDH|diffieHellman|publicEncrypt)\b/

  it('is right that no key has fewer than 256 bits, and that none is a public one [CRY-05]', () => {
    expect(() => parseSecretKeys(randomBytes(31).toString('base64url'))).toThrow('too short')
    const keys = parseSecretKeys(randomBytes(32).toString('base64url'))
    const [, mac = ''] = createKeyring(keys).sign('device', 'x').split('.')
    expect(Buffer.from(mac, 'base64url')).toHaveLength(32)
    expect(sourceOf('src/lib/keyring.ts')).toMatch(/^const KEY_BYTES = 32$/m)
    expect(sourceOf('src/lib/keyring.ts')).toMatch(/derive\(key, `sign \$\{purpose\}`, KEY_BYTES\)/)
    expect(sourceOf('src/lib/random.ts')).toMatch(/randomBytes\(32\)\.toString\('base64url'\)/)
    expect(filesWith(PUBLIC_KEYS)).toEqual([])
    // The key of the one cipher is made from a password, to verify a hash of Firebase.
    expect(filesWith(/\bcreateCipheriv\b/)).toEqual(['src/auth/passwords/hashing/firebase.ts'])
    expect(sourceOf('src/auth/passwords/hashing/firebase.ts')).toMatch(/^const KEY_BYTES = 32$/m)
  })
})
