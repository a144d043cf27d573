import { describe, expect, it } from 'vitest'
import { FIREBASE, FOREIGN_HASHES } from '../../../test/fixtures/hashes.ts'
import { type Fields, readImportedUser } from './imported-user.ts'

const now = new Date('2026-11-21T12:00:00Z')
const BOB: Fields = { email: 'bob@example.com', hashed_password: '!' }

function read(fields: Fields) {
  return readImportedUser(fields, { now, firebase: null })
}

function userOf(fields: Fields) {
  const reading = read(fields)
  return 'user' in reading ? reading.user : expect.unreachable(reading.problem)
}

function problemOf(fields: Fields): string {
  const reading = read(fields)
  return 'problem' in reading ? reading.problem : expect.unreachable('there is no problem')
}

describe('a user to import', () => {
  it('needs an address and a hash; other fields have defaults', () => {
    expect(userOf({ email: ' Bob@example.com ', hashed_password: '!' })).toEqual({
      id: null,
      email: 'Bob@example.com',
      hashedPassword: '!',
      createdAt: now,
      passwordVersion: 1,
      disabledAt: null,
      emailVerifiedAt: null,
      unconfirmedUntil: null,
      passwordCompromisedAt: null,
      locale: null,
    })
  })

  it('accepts every field in its JSON and CSV forms', () => {
    const at = '2020-01-02T03:04:05.678Z'
    const json = {
      ...BOB,
      id: 7,
      created_at: at,
      email_verified_at: at,
      disabled_at: at,
      unconfirmed_until: at,
      password_compromised_at: at,
      password_version: 3,
      locale: 'fr-CA',
      email_verified: true,
      disabled: true,
      totp_secret: null,
    }
    const csv = Object.fromEntries(Object.entries(json).map(([name, value]) => [name, String(value ?? '')]))
    const user = {
      id: 7,
      email: 'bob@example.com',
      hashedPassword: '!',
      createdAt: new Date(at),
      passwordVersion: 3,
      disabledAt: new Date(at),
      emailVerifiedAt: new Date(at),
      unconfirmedUntil: new Date(at),
      passwordCompromisedAt: new Date(at),
      locale: 'fr-CA',
    }
    expect(userOf(json)).toEqual(user)
    expect(userOf(csv)).toEqual(user)
  })

  it('has its timestamps parsed, and refusals name the field', () => {
    const given = { ...BOB, created_at: '2020-01-02 03:04:05.37+02', disabled_at: 1_577_934_245_678 }
    expect(userOf(given)).toMatchObject({
      createdAt: new Date('2020-01-02T01:04:05.370Z'),
      disabledAt: new Date('2020-01-02T03:04:05.678Z'),
    })
    expect(problemOf({ ...given, disabled_at: 'yesterday' })).toMatch(/^disabled_at: is not a timestamp: /)
  })

  it.each([
    [true, [true, 1, '1', 'true', 'True', 'TRUE', 't', 'T', 'yes', 'Yes', 'y', 'Y', 'on']],
    [false, [false, 0, '0', 'false', 'False', 'FALSE', 'f', 'F', 'no', 'NO', 'n', 'N', 'off']],
  ])('accepts the common spellings of %s', (truth, words) => {
    for (const word of words)
      expect(userOf({ ...BOB, disabled: word }).disabledAt, String(word)).toEqual(truth ? now : null)
  })

  it.each<[field: string, value: unknown, problem: RegExp]>([
    ['email', undefined, /^email: is missing$/],
    ['email', '', /^email: is missing$/],
    ['email', 'nobody', /^email: is not an email address$/],
    ['email', 'a@b.example\n', /^email: is not an email address$/],
    ['email', `${'x'.repeat(65)}@example.com`, /^email: is not an email address$/],
    ['email', 7, /^email: is not text$/],
    ['email', '\ud800@example.com', /^email: is not text$/],
    ['hashed_password', null, /^hashed_password: is missing; use ! for an account without/],
    ['hashed_password', 'in the clear', /^hashed_password: the hash has an unknown format$/],
    ['hashed_password', '$6$salt$hash', /^hashed_password: the hash is crypt\(3\).+ not supported$/],
    ['hashed_password', `$2b$31$${'.'.repeat(53)}`, /^hashed_password: the hash has a cost above/],
    ['hashed_password', '!$2b$12$', /^hashed_password: the hash has an unknown format/],
    [
      'salt',
      'c2FsdA==',
      /^hashed_password: the hash has an unknown format|^hashed_password: the hash has a salt/,
    ],
    ['id', 0, /^id: is not a whole number from 1/],
    ['id', 1.5, /^id: is not a whole number from 1/],
    ['id', 2_147_483_648, /^id: is not a whole number from 1/],
    ['id', 'b7c1', /^id: is not a whole number from 1/],
    ['password_version', -1, /^password_version: is not a whole number/],
    ['email_verified', 'perhaps', /^email_verified: is not a boolean: write true or false$/],
    ['email_verified', 'tr', /^email_verified: is not a boolean/],
    ['email_verified', 'true ', /^email_verified: is not a boolean/],
    ['email_verified', ['true'], /^email_verified: is not a boolean/],
    ['disabled', 2, /^disabled: is not a boolean/],
    ['locale', 'English', /^locale: is not a language tag/],
    ['totp_secret', 'JBSWY3DPEHPK3PXP', /^totp_secret: .+ would lose its own/],
    ['role', 'admin', /^role: is not a field of a user$/],
    ['__proto__', 'x', /^__proto__: is not a field of a user$/],
  ])('with %s %j is refused without repeating the value', (field, value, problem) => {
    const said = problemOf({ hashed_password: FOREIGN_HASHES[0]?.hash, ...BOB, ...pair(field, value) })
    expect(said).toMatch(problem)
    if (typeof value === 'string' && value.length > 5) expect(said).not.toContain(value)
  })

  /** Works for `__proto__` too, unlike an object literal. */
  function pair(name: string, value: unknown): Fields {
    return Object.fromEntries([
      ...Object.entries(name === 'salt' ? { hashed_password: 'x' } : {}),
      [name, value] as const,
    ])
  }

  it('is refused if a flag contradicts its timestamp', () => {
    const at = '2020-01-02T03:04:05Z'
    expect(problemOf({ ...BOB, disabled: false, disabled_at: at })).toMatch(
      /^disabled: is false, but disabled_at is set/,
    )
    expect(problemOf({ ...BOB, email_verified: 0, email_verified_at: at })).toMatch(
      /^email_verified: is false, but email_verified_at is set$/,
    )
  })

  it('with a true flag and no timestamp gets the time of the import', () => {
    expect(userOf({ ...BOB, email_verified: true, disabled: 't' })).toMatchObject({
      emailVerifiedAt: now,
      disabledAt: now,
    })
  })

  it('accepts the unusable password of Django', () => {
    const unusable = '!zHyi2o1RgB7Cusr5LzNmRcBor8lwQSkMDQMXTqpM'
    expect(userOf({ ...BOB, hashed_password: unusable }).hashedPassword).toBe('!')
  })

  it('from Firebase needs the hash parameters of the project, within the general limits', () => {
    const [{ hash, salt } = expect.unreachable()] = FIREBASE.hashes
    const fields = { ...BOB, hashed_password: hash, salt }
    expect(problemOf(fields)).toMatch(/the hash parameters of its Firebase project are not given$/)
    const project = { signerKey: Buffer.alloc(64), saltSeparator: Buffer.alloc(1), rounds: 8, memCost: 14 }
    const readOf = (firebase: typeof project) => readImportedUser(fields, { now, firebase })
    expect(readOf(project)).toMatchObject({
      user: { hashedPassword: expect.stringMatching(/^\$firebase-scrypt\$ln=14,r=8,p=1\$/) },
    })
    expect(readOf({ ...project, memCost: 30 })).toEqual({
      problem: 'hashed_password: the hash has a cost above the limit of this service',
    })
    expect(readOf({ ...project, signerKey: Buffer.alloc(32) })).toEqual({
      problem: 'hashed_password: the hash is not from this Firebase project',
    })
  })
})
