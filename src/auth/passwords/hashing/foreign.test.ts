import { describe, expect, it } from 'vitest'
import { FIREBASE, FOREIGN_HASHES, UNVERIFIABLE_HASHES } from '../../../../test/fixtures/hashes.ts'
import { storedFirebase } from './firebase.ts'
import { createHasher, readHash } from './index.ts'

const HASHERS = [
  createHasher({ passwordHash: 'bcrypt', bcryptCost: 5 }),
  createHasher({ passwordHash: 'argon2id', bcryptCost: 5 }),
]
const [bcrypt = expect.unreachable()] = HASHERS

/** Changes the 20th character from the end. The last characters have unused bits, which may change nothing. */
function damaged(hash: string): string {
  const at = hash.length - 20
  return hash.slice(0, at) + (hash[at] === 'e' ? '2' : 'e') + hash.slice(at + 1)
}

describe('a hash from other software', () => {
  it.each(FOREIGN_HASHES)(
    'accepts only the right password for a hash from $by: $hash',
    async ({ password, hash }) => {
      expect(await bcrypt.verify(password, hash)).toBe(true)
      // WordPress ignores white space around a password.
      expect(await bcrypt.verify(`${password} `, hash)).toBe(hash.startsWith('$wp'))
      expect(await bcrypt.verify(password, damaged(hash))).toBe(false)
    },
  )

  it('ignores the same white space around the password of a WordPress hash as PHP', async () => {
    const wordpress = FOREIGN_HASHES.filter(({ hash }) => hash.startsWith('$wp'))
    const [{ password, hash } = expect.unreachable()] = wordpress
    expect(await bcrypt.verify(`\t${password} \0`, hash)).toBe(true)
    for (const other of [`${password}\u00a0`, ' ']) expect(await bcrypt.verify(other, hash)).toBe(false)
  })

  it.each(FOREIGN_HASHES)(
    'rehashes a hash from $by after a successful sign-in: $hash',
    ({ password, hash }) => {
      for (const hasher of HASHERS) expect(hasher.needsRehash(password, hash)).toBe(true)
    },
  )

  it('keeps a bcrypt hash of the configured cost, unless it is wrapped in another format', () => {
    const hasher = createHasher({ passwordHash: 'bcrypt', bcryptCost: 4 })
    const ofCost4 = FOREIGN_HASHES.filter(({ hash }) => /\$2[aby]\$04\$/.test(hash))
    const kept = ofCost4.filter(({ password, hash }) => !hasher.needsRehash(password, hash))
    expect(kept.map(({ hash }) => hash)).toEqual(
      ofCost4.map(({ hash }) => hash).filter((hash) => /^\$2[aby]\$/.test(hash)),
    )
    expect([kept.length > 0, kept.length < ofCost4.length]).toEqual([true, true])
  })

  it.each([
    '{BLF-CRYPT}',
    '{blf-crypt}',
    '{bcrypt}',
    '{BCRYPT}',
    '{CRYPT}',
    '{crypt}',
    '{Crypt}',
    '{bcrypt@SpringSecurity_v5_8}',
  ])('accepts the label %s and drops it after a successful sign-in', async (label) => {
    const [{ password, hash } = expect.unreachable()] = FOREIGN_HASHES
    const labelled = label + hash
    expect(await bcrypt.verify(password, labelled)).toBe(true)
    expect(await bcrypt.verify(`${password} `, labelled)).toBe(false)
    const ofSameCost = createHasher({ passwordHash: 'bcrypt', bcryptCost: 4 })
    expect(ofSameCost.needsRehash(password, hash)).toBe(false)
    expect(ofSameCost.needsRehash(password, labelled)).toBe(true)
  })

  it.each([
    ['{SSHA}', 'is a hash under a label of LDAP, Dovecot or Spring Security, which is not supported'],
    [
      '{BLF-CRYPT.B64}',
      'is a hash under a label of LDAP, Dovecot or Spring Security, which is not supported',
    ],
    ['{CRYPT}{CRYPT}', 'is a hash under a label of LDAP, Dovecot or Spring Security, which is not supported'],
    ['{CRYPT} ', 'is a hash under a label of LDAP, Dovecot or Spring Security, which is not supported'],
    ['{}', 'has an unknown format'],
    ['CRYPT', 'has an unknown format'],
  ])('rejects a hash under the label %s', async (label, problem) => {
    const [{ password, hash } = expect.unreachable()] = FOREIGN_HASHES
    expect(readHash(label + hash)).toEqual({ problem })
    expect(await bcrypt.verify(password, label + hash)).toBe(false)
  })

  it('matches a better-auth hash in any Unicode normalization form, as better-auth does', async () => {
    const { hash } =
      FOREIGN_HASHES.find(({ password }) => password.startsWith('\ufb01')) ?? expect.unreachable()
    expect(await bcrypt.verify('fianc\u00e9 \u00e9', hash)).toBe(true)
    expect(await bcrypt.verify('fiance e', hash)).toBe(false)
  })

  it('distinguishes passwords beyond 72 bytes in a Django hash over SHA-256', async () => {
    const { password, hash } =
      FOREIGN_HASHES.find((each) => each.password.length > 72) ?? expect.unreachable()
    expect(await bcrypt.verify(`${password.slice(0, -1)}e`, hash)).toBe(false)
  })

  it.each(UNVERIFIABLE_HASHES)(
    'names the unsupported algorithm of a hash from $by: $hash',
    async ({ hash }) => {
      const reading = readHash(hash)
      if (!('problem' in reading)) return expect.unreachable()
      expect(reading.problem).toMatch(/^is .+ which is not supported$/)
      expect(reading.problem).not.toContain(hash)
      expect(await bcrypt.verify('correct horse battery staple', hash)).toBe(false)
    },
  )
})

describe('a Firebase hash', () => {
  const project = {
    signerKey: Buffer.from(
      'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
      'base64',
    ),
    saltSeparator: Buffer.from('Bw==', 'base64'),
    rounds: 8,
    memCost: 14,
  }

  it.each(FIREBASE.hashes)('verifies in the stored form: $hash', async ({ password, salt, hash }) => {
    const kept = storedFirebase(project, hash, salt) ?? expect.unreachable()
    expect(await bcrypt.verify(password, kept)).toBe(true)
    expect(await bcrypt.verify(`${password} `, kept)).toBe(false)
    expect(await bcrypt.verify(password, damaged(kept))).toBe(false)
    for (const hasher of HASHERS) expect(hasher.needsRehash(password, kept)).toBe(true)
  })

  it('is stored without the signer key', () => {
    const [{ hash, salt } = expect.unreachable()] = FIREBASE.hashes
    const kept = storedFirebase(project, hash, salt) ?? expect.unreachable()
    const key = project.signerKey.toString('base64').slice(0, 20)
    expect(kept).not.toContain(key)
    expect(kept).not.toContain(hash.slice(0, 20))
  })

  it('is rejected if its length differs from the signer key or if it is not valid base64', () => {
    const [{ hash, salt } = expect.unreachable()] = FIREBASE.hashes
    expect(storedFirebase(project, hash.slice(4), salt)).toBeNull()
    expect(storedFirebase(project, `${hash.slice(1)}!`, salt)).toBeNull()
    expect(storedFirebase(project, hash, 'no salt')).toBeNull()
  })
})

describe('hash parameters out of bounds', () => {
  const key = 'A'.repeat(43)
  const bytes = 'a'.repeat(128)
  // Each would take hours or all memory.
  it.each([
    [`$2b$17$${'.'.repeat(53)}`],
    [`bcrypt_sha256$$2b$31$${'.'.repeat(53)}`],
    [`$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQ$${key}`],
    [`$argon2i$v=19$m=9999999999,t=1,p=1$c29tZXNhbHQ$${key}`],
    [`argon2$argon2id$v=19$m=1024,t=17,p=1$c29tZXNhbHQ$${key}`],
    [`$argon2id$v=19$m=2048,t=1,p=256$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=19,r=8,p=1$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=63,r=1,p=1$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=524288,r=8,p=1$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=17,r=8,p=5$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=1,r=1048576,p=1$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=4,r=1,p=9999999999$c29tZXNhbHQ$${key}`],
    [`scrypt:4294967296:8:1$salt$${bytes}`],
    [`$pbkdf2-sha256$i=5000001$c29tZXNhbHQ$${key}`],
    [`$pbkdf2-sha512$9999999999$c29tZXNhbHQ$${key}`],
    // Each block of the key takes all iterations again.
    [`$pbkdf2-sha256$i=2500001$c29tZXNhbHQ$${'A'.repeat(86)}`],
    [`$pbkdf2-sha512$i=500000$c29tZXNhbHQ$${'A'.repeat(940)}`],
    [`pbkdf2_sha256$999999999$salt$${key}=`],
    [`pbkdf2:sha256:999999999$salt$${'a'.repeat(64)}`],
    [`$firebase-scrypt$ln=30,r=8,p=1$c29tZXNhbHQ$${key}`],
  ])('refuses an excessive cost without running it: %s', async (hash) => {
    expect(readHash(hash)).toEqual({
      problem: expect.stringMatching(
        /^has a [a-zA-Z ]+(?: \(N·r·p\))? of \S+, and the limit of this service is \d+$/,
      ),
    })
    expect(await bcrypt.verify('password', hash)).toBe(false)
  })

  it.each([
    [`$2b$03$${'.'.repeat(53)}`],
    [`$argon2id$v=19$m=7,t=1,p=1$c29tZXNhbHQ$${key}`],
    [`$argon2id$v=19$m=8,t=0,p=1$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=0,r=8,p=1$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=4,r=0,p=1$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=4,r=1,p=0$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=16,r=1,p=1$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=999,r=1,p=1$c29tZXNhbHQ$${key}`],
    [`scrypt:1000:8:1$salt$${bytes}`],
    [`$pbkdf2-sha256$i=0$c29tZXNhbHQ$${key}`],
    [`$pbkdf2-sha256$i=1,l=31$c29tZXNhbHQ$${key}`],
    // ASP.NET Identity, with a salt longer than the rest
    [`AQAAAAEAAAABAAAA/${'A'.repeat(47)}`],
  ])('refuses a cost below the minimum of the algorithm: %s', async (hash) => {
    expect(readHash(hash)).toEqual({ problem: 'has parameters that its algorithm does not allow' })
    expect(await bcrypt.verify('password', hash)).toBe(false)
  })

  it.each([
    [`$2b$17$${'.'.repeat(53)}`, 'has a cost of 17, and the limit of this service is 16'],
    [
      `$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQ$${key}`,
      'has a memory in KiB of 262145, and the limit of this service is 262144',
    ],
    [
      `$scrypt$ln=17,r=8,p=5$c29tZXNhbHQ$${key}`,
      'has a work (N·r·p) of 5242880, and the limit of this service is 4194304',
    ],
  ])('names what is too much, and the limit: %s', (hash, problem) => {
    expect(readHash(hash)).toEqual({ problem })
  })

  it.each([
    ['$scrypt$ln=4,r=1,p=1$c29tZXNhbHQ$AAAA'],
    ['$pbkdf2-sha256$i=1$c29tZXNhbHQ$AAAA'],
    ['$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAA'],
    [`$firebase-scrypt$ln=4,r=1,p=1$c29tZXNhbHQ$AAAA`],
    [`$scrypt$ln=4,r=1,p=1$c29tZXNhbHQ$${key}\n`],
    [`$2b$12$${'.'.repeat(43)}`],
    [`pbkdf2_sha256$1000$salt$${key}`],
    [`scrypt$1024$salt$8$1$${key}=`],
    [`$wp$2y$12$${'.'.repeat(43)}`],
    [`$s0$e0801$c29tZXNhbHQ$AAAA`],
    [`s2:${'a'.repeat(16)}:${'a'.repeat(64)}`],
    ['{PBKDF2-SHA256}10000$c29tZXNhbHQ$AAAA'],
    ['AQAAAAIAAYagAAAAEAABAgMEBQYHCAkKCwwND'],
  ])('refuses a damaged hash: %.80s', async (hash) => {
    expect(readHash(hash)).toEqual({ problem: 'is damaged or cut off' })
    expect(await bcrypt.verify('password', hash)).toBe(false)
  })

  it('refuses a passlib hash whose salt is not base64', () => {
    expect(readHash(`$pbkdf2-sha256$1000$AAAAA$${key}`)).toEqual({
      problem: 'has a salt or a key that is not base64',
    })
  })

  it.each([
    [`${'a'.repeat(32)}:${bytes.toUpperCase()}`],
    [`s1:${'a'.repeat(16)}:${bytes}`],
    ['A'.repeat(1_000_000)],
  ])('refuses a malformed hash: %.80s', async (hash) => {
    expect(readHash(hash)).toEqual({ problem: 'has an unknown format' })
    expect(await bcrypt.verify('password', hash)).toBe(false)
  })
})
