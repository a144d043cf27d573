import { describe, expect, it } from 'vitest'
import { FIREBASE, FOREIGN_HASHES, UNVERIFIABLE_HASHES } from '../../../../test/fixtures/hashes.ts'
import { keptFirebase } from './firebase.ts'
import { createHasher, readHash } from './index.ts'

const HASHERS = [
  createHasher({ passwordHash: 'bcrypt', bcryptCost: 5 }),
  createHasher({ passwordHash: 'argon2id', bcryptCost: 5 }),
]
const [bcrypt = expect.unreachable()] = HASHERS

/** The text with one character of its last 20 changed; the very last ones have bits that mean nothing. */
function damaged(hash: string): string {
  const at = hash.length - 20
  return hash.slice(0, at) + (hash[at] === 'e' ? '2' : 'e') + hash.slice(at + 1)
}

describe('a hash that other software made', () => {
  it.each(FOREIGN_HASHES)('by $by is verified, and nothing else is: $hash', async ({ password, hash }) => {
    expect(await bcrypt.verify(password, hash)).toBe(true)
    expect(await bcrypt.verify(`${password} `, hash)).toBe(false)
    expect(await bcrypt.verify(password.slice(1), hash)).toBe(false)
    expect(await bcrypt.verify(password, damaged(hash))).toBe(false)
  })

  it.each(FOREIGN_HASHES)('by $by is made anew after a right login: $hash', ({ password, hash }) => {
    for (const hasher of HASHERS) expect(hasher.needsRehash(password, hash)).toBe(true)
  })

  it('by bcrypt of the same cost is as good as ours only without a wrapping', () => {
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
  ])('may have the label %s, which goes away after a right login', async (label) => {
    const [{ password, hash } = expect.unreachable()] = FOREIGN_HASHES
    const labelled = label + hash
    expect(await bcrypt.verify(password, labelled)).toBe(true)
    expect(await bcrypt.verify(`${password} `, labelled)).toBe(false)
    const ofSameCost = createHasher({ passwordHash: 'bcrypt', bcryptCost: 4 })
    expect(ofSameCost.needsRehash(password, hash)).toBe(false)
    expect(ofSameCost.needsRehash(password, labelled)).toBe(true)
  })

  it.each([
    ['{SSHA}', 'is a hash under a label of LDAP, Dovecot or Spring Security, which is not verified here'],
    [
      '{BLF-CRYPT.B64}',
      'is a hash under a label of LDAP, Dovecot or Spring Security, which is not verified here',
    ],
    [
      '{CRYPT}{CRYPT}',
      'is a hash under a label of LDAP, Dovecot or Spring Security, which is not verified here',
    ],
    ['{CRYPT} ', 'is a hash under a label of LDAP, Dovecot or Spring Security, which is not verified here'],
    ['{}', 'is of no form that is known here'],
    ['CRYPT', 'is of no form that is known here'],
  ])('is not verified under the label %s', async (label, problem) => {
    const [{ password, hash } = expect.unreachable()] = FOREIGN_HASHES
    expect(readHash(label + hash)).toEqual({ problem })
    expect(await bcrypt.verify(password, label + hash)).toBe(false)
  })

  it('of better-auth knows a password in another Unicode form, as better-auth does', async () => {
    const { hash } =
      FOREIGN_HASHES.find(({ password }) => password.startsWith('\ufb01')) ?? expect.unreachable()
    expect(await bcrypt.verify('fianc\u00e9 \u00e9', hash)).toBe(true)
    expect(await bcrypt.verify('fiance e', hash)).toBe(false)
  })

  it('of Django over SHA-256 tells apart what bcrypt would cut', async () => {
    const { password, hash } =
      FOREIGN_HASHES.find((each) => each.password.length > 72) ?? expect.unreachable()
    expect(await bcrypt.verify(`${password.slice(0, -1)}e`, hash)).toBe(false)
  })

  it.each(UNVERIFIABLE_HASHES)(
    'by $by, that is not verified, is known for what it is: $hash',
    async ({ hash }) => {
      const reading = readHash(hash)
      if (!('problem' in reading)) return expect.unreachable()
      expect(reading.problem).toMatch(/^is .+ which is not verified here$/)
      expect(reading.problem).not.toContain(hash)
      expect(await bcrypt.verify('correct horse battery staple', hash)).toBe(false)
    },
  )
})

describe('a hash of Firebase', () => {
  const project = {
    signerKey: Buffer.from(
      'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
      'base64',
    ),
    saltSeparator: Buffer.from('Bw==', 'base64'),
    rounds: 8,
    memCost: 14,
  }

  it.each(FIREBASE.hashes)(
    'is verified in the form in which it is kept: $hash',
    async ({ password, salt, hash }) => {
      const kept = keptFirebase(project, hash, salt) ?? expect.unreachable()
      expect(await bcrypt.verify(password, kept)).toBe(true)
      expect(await bcrypt.verify(`${password} `, kept)).toBe(false)
      expect(await bcrypt.verify(password, damaged(kept))).toBe(false)
      for (const hasher of HASHERS) expect(hasher.needsRehash(password, kept)).toBe(true)
    },
  )

  it('is kept without the signer key', () => {
    const [{ hash, salt } = expect.unreachable()] = FIREBASE.hashes
    const kept = keptFirebase(project, hash, salt) ?? expect.unreachable()
    const key = project.signerKey.toString('base64').slice(0, 20)
    expect(kept).not.toContain(key)
    expect(kept).not.toContain(hash.slice(0, 20))
  })

  it('of another length than the signer key, or that is no base64, is none of this project', () => {
    const [{ hash, salt } = expect.unreachable()] = FIREBASE.hashes
    expect(keptFirebase(project, hash.slice(4), salt)).toBeNull()
    expect(keptFirebase(project, `${hash.slice(1)}!`, salt)).toBeNull()
    expect(keptFirebase(project, hash, 'no salt')).toBeNull()
  })
})

describe('a cost beyond all reason', () => {
  const key = 'A'.repeat(43)
  const bytes = 'a'.repeat(128)
  // Hours of work or the memory of the machine: the test ends because none of it is done.
  it.each([
    [`$2b$17$${'.'.repeat(53)}`],
    [`bcrypt_sha256$$2b$31$${'.'.repeat(53)}`],
    [`$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQ$${key}`],
    [`$argon2i$v=19$m=9999999999,t=1,p=1$c29tZXNhbHQ$${key}`],
    [`argon2$argon2id$v=19$m=1024,t=17,p=1$c29tZXNhbHQ$${key}`],
    [`$argon2id$v=19$m=1024,t=1,p=17$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=19,r=8,p=1$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=999,r=1,p=1$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=17,r=8,p=5$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=4,r=1,p=9999999999$c29tZXNhbHQ$${key}`],
    [`scrypt:4294967296:8:1$salt$${bytes}`],
    [`$pbkdf2-sha256$i=5000001$c29tZXNhbHQ$${key}`],
    [`$pbkdf2-sha512$9999999999$c29tZXNhbHQ$${key}`],
    [`pbkdf2_sha256$999999999$salt$${key}=`],
    [`pbkdf2:sha256:999999999$salt$${'a'.repeat(64)}`],
    [`$firebase-scrypt$ln=30,r=8,p=1$c29tZXNhbHQ$${key}`],
  ])('is refused, and never run: %s', async (hash) => {
    expect(readHash(hash)).toEqual({ problem: 'has a cost beyond what is ever run here' })
    expect(await bcrypt.verify('password', hash)).toBe(false)
  })

  it.each([
    [`$2b$03$${'.'.repeat(53)}`],
    [`$argon2id$v=19$m=7,t=1,p=1$c29tZXNhbHQ$${key}`],
    [`$argon2id$v=19$m=8,t=0,p=1$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=0,r=8,p=1$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=4,r=0,p=1$c29tZXNhbHQ$${key}`],
    [`$scrypt$ln=4,r=1,p=0$c29tZXNhbHQ$${key}`],
    [`scrypt:1000:8:1$salt$${bytes}`],
    [`$pbkdf2-sha256$i=0$c29tZXNhbHQ$${key}`],
    [`$pbkdf2-sha256$i=1,l=31$c29tZXNhbHQ$${key}`],
  ])('below what the algorithm allows is refused too: %s', async (hash) => {
    expect(readHash(hash)).toEqual({ problem: 'has parameters that its algorithm does not allow' })
    expect(await bcrypt.verify('password', hash)).toBe(false)
  })

  it.each([
    ['$scrypt$ln=4,r=1,p=1$c29tZXNhbHQ$AAAA'],
    ['$pbkdf2-sha256$i=1$c29tZXNhbHQ$AAAA'],
    ['$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAA'],
    [`$firebase-scrypt$ln=4,r=1,p=1$c29tZXNhbHQ$AAAA`],
    [`$scrypt$ln=4,r=1,p=1$c29tZXNhbHQ$${key}\n`],
    [`${'a'.repeat(32)}:${bytes.toUpperCase()}`],
    ['A'.repeat(1_000_000)],
  ])('so short that guesses would pass, or of no form at all, is refused: %.80s', async (hash) => {
    expect(readHash(hash)).toEqual({ problem: 'is of no form that is known here' })
    expect(await bcrypt.verify('password', hash)).toBe(false)
  })
})
