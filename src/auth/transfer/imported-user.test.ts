import { describe, expect, it } from 'vitest'
import { FIREBASE, FOREIGN_HASHES } from '../../../test/fixtures/hashes.ts'
import { OPTION_TABLE } from '../../options/index.ts'
import { type Fields, readImportedUser, USER_FIELDS } from './imported-user.ts'

const now = new Date('2026-11-21T12:00:00Z')
const BOB: Fields = { email: 'bob@example.com', hashed_password: '!' }

function read(fields: Fields, { canSeal = true } = {}) {
  return readImportedUser(fields, {
    now,
    canSeal,
    firebase: null,
    maxCost: OPTION_TABLE.maxImportedHashCost.classic,
  })
}

function userOf(fields: Fields) {
  const reading = read(fields)
  return 'user' in reading ? reading.user : expect.unreachable(reading.problem)
}

function factorsOf(fields: Fields) {
  const reading = read(fields)
  return 'user' in reading ? reading.factors : expect.unreachable(reading.problem)
}

function problemOf(fields: Fields, details = {}): string {
  const reading = read(fields, details)
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
      name: null,
      picture: null,
      metadataJson: null,
      privateMetadataJson: null,
      secondFactorEnabledAt: null,
      secondFactorRequiredAt: null,
      webauthnHandle: null,
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
      name: '  Robert\u3000Builder ',
      picture: 'https://EXAMPLE.com/a b'.replace(' ', '%20'),
      metadata: { plan: 'pro' },
      private_metadata: { customer: 'cus_1', tags: [] },
      second_factor_enabled_at: at,
      second_factor_required_at: at,
      webauthn_handle: 'aGFuZGxl',
      email_verified: true,
      disabled: true,
      second_factor_enabled: true,
      totp_secret: null,
      totp_confirmed_at: null,
      totp_disabled_at: null,
      passkeys: null,
      identities: null,
      salt: null,
    }
    expect(Object.keys(json).toSorted()).toEqual(USER_FIELDS.toSorted())
    const csvOf = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value))
    const csv = Object.fromEntries(
      Object.entries(json).map(([name, value]) => [name, value === null ? '' : csvOf(value)]),
    )
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
      name: 'Robert Builder',
      picture: 'https://example.com/a%20b',
      metadataJson: '{"plan":"pro"}',
      privateMetadataJson: '{"customer":"cus_1","tags":[]}',
      secondFactorEnabledAt: new Date(at),
      secondFactorRequiredAt: new Date(at),
      webauthnHandle: 'aGFuZGxl',
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
    ['email', ' ', /^email: is missing$/],
    ['email', 'nobody', /^email: is not an email address$/],
    ['email', 'a@b.example\n', /^email: is not an email address$/],
    ['email', `${'x'.repeat(65)}@example.com`, /^email: is not an email address$/],
    ['email', 7, /^email: is not text$/],
    ['email', '\ud800@example.com', /^email: is not text$/],
    ['hashed_password', null, /^hashed_password: is missing; use ! for an account without/],
    ['hashed_password', 'in the clear', /^hashed_password: the hash has an unknown format$/],
    ['hashed_password', '$6$salt$hash', /^hashed_password: the hash is crypt\(3\).+ not supported$/],
    [
      'hashed_password',
      `$2b$31$${'.'.repeat(53)}`,
      /^hashed_password: the hash has a cost of 31, and the limit/,
    ],
    ['hashed_password', ' ! ', /^hashed_password: the hash has white space around it$/],
    ['hashed_password', '!$2b$12$', /^hashed_password: the hash has an unknown format/],
    [
      'salt',
      'c2FsdA==',
      /^hashed_password: the hash has an unknown format|^hashed_password: the hash has a salt/,
    ],
    ['id', 0, /^id: is not a whole number from 1/],
    ['id', 1.5, /^id: is not a whole number from 1/],
    ['id', 2_147_483_647, /^id: is not a whole number from 1/],
    ['id', 'b7c1', /^id: is not a whole number from 1/],
    ['password_version', -1, /^password_version: is not a whole number/],
    ['email_verified', 'perhaps', /^email_verified: is not a boolean: write true or false$/],
    ['email_verified', 'tr', /^email_verified: is not a boolean/],
    ['email_verified', 'true ', /^email_verified: is not a boolean/],
    ['email_verified', ['true'], /^email_verified: is not a boolean/],
    ['disabled', 2, /^disabled: is not a boolean/],
    ['locale', 'English', /^locale: is not a language tag/],
    ['name', 'Bob\nRobert', /^name: contains U\+000A, an invisible character$/],
    ['picture', 'javascript:alert(1)', /^picture: is not an absolute https URL$/],
    ['picture', 'http://example.com/bob.png', /^picture: is not an absolute https URL$/],
    ['metadata', '["plan", "pro"]', /^metadata: is not a JSON object$/],
    ['metadata', 'plan=pro', /^metadata: is not a JSON object$/],
    ['metadata', '{"a":1,"b":[{}],"a":1}', /^metadata: has a member twice$/],
    ['metadata', '{"b":{"a":1,"a":1}}', /^metadata: has a member twice$/],
    [
      'metadata',
      '{"b":[1234567890123456789]}',
      /^metadata: has an integer that would be rounded; write it as text$/,
    ],
    ['private_metadata', '{"__proto__":{"admin":true}}', /^private_metadata: has a member __proto__/],
    ['webauthn_handle', 'aGFuZGxlcw9', /^webauthn_handle: is not 1 to 64 bytes in base64url/],
    ['webauthn_handle', 'YWJjZA==', /^webauthn_handle: is not 1 to 64 bytes in base64url/],
    ['webauthn_handle', 'A'.repeat(87), /^webauthn_handle: is not 1 to 64 bytes in base64url/],
    ['totp_secret', 'JBSWY3DPEHPK3P!!', /^totp_secret: is not base32; leave the field out/],
    ['totp_secret', 'JBSWY3DP', /^totp_secret: is not 10 to 64 bytes long$/],
    ['totp_secret', 'A'.repeat(104), /^totp_secret: is not 10 to 64 bytes long$/],
    ['totp_secret', 1234567890, /^totp_secret: is not text$/],
    ['totp_confirmed_at', '2020-01-02T03:04:05Z', /^totp_confirmed_at: is set, but totp_secret is missing$/],
    ['totp_disabled_at', '2020-01-02T03:04:05Z', /^totp_disabled_at: is set, but totp_secret is missing$/],
    ['passkeys', '[{]', /^passkeys: is not a list$/],
    ['passkeys', { credential_id: 'x' }, /^passkeys: is not a list$/],
    ['passkeys', Array(101).fill({}), /^passkeys: has more than 100 passkeys$/],
    ['passkeys', [null], /^passkeys\[0\]: is not an object$/],
    ['identities', '[{]', /^identities: is not a list$/],
    ['identities', Array(101).fill({}), /^identities: has more than 100 identities$/],
    ['identities', ['google'], /^identities\[0\]: is not an object$/],
    ['role', 'admin', /^role: is not a field of a user; rename it, or leave it out$/],
    ['__proto__', 'x', /^__proto__: is not a field of a user; rename it, or leave it out$/],
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

  const [salt, key] = ['c29tZXNhbHRzb21lc2FsdA', 'A'.repeat(43)]
  const bcrypt = (cost: number) => `$2y$${cost}$${'.'.repeat(53)}`
  const argon2 = (parameters: string) => `$argon2id$v=19$${parameters}$${salt}$${key}`

  it.each([
    ['argon2 of npm', argon2('m=65536,t=3,p=4')],
    ['argon2-cffi', argon2('m=65536,t=3,p=4')],
    ['PHP, bcrypt before 8.4', bcrypt(10)],
    ['PHP, bcrypt from 8.4 on', bcrypt(12)],
    ['PHP, argon2id', argon2('m=65536,t=4,p=1')],
    ['Passlib, bcrypt', bcrypt(12)],
    ['Passlib, argon2', argon2('m=102400,t=2,p=8')],
    ['Passlib, scrypt', `$scrypt$ln=16,r=8,p=1$${salt}$${key}`],
    ['Passlib, PBKDF2 with SHA-256', `$pbkdf2-sha256$29000$${salt}$${key}`],
    ['Passlib, PBKDF2 with SHA-512', `$pbkdf2-sha512$25000$${salt}$${'A'.repeat(86)}`],
    ['Werkzeug, scrypt', `scrypt:32768:8:1$salt$${'a'.repeat(128)}`],
    ['Werkzeug, PBKDF2', `pbkdf2:sha256:1000000$salt$${'a'.repeat(64)}`],
    ['Django 6.0', `pbkdf2_sha256$1200000$salt$${key}=`],
    ['Django 6.1', `pbkdf2_sha256$1500000$salt$${key}=`],
    ['Django, argon2', `argon2${argon2('m=102400,t=2,p=8')}`],
    ['Django, bcrypt', `bcrypt_sha256$${bcrypt(12).replace('y', 'b')}`],
    ['better-auth', `${'a'.repeat(32)}:${'b'.repeat(128)}`],
  ])('can have a hash with the default cost of %s, whatever the setting', (_, hash) => {
    const { min } = OPTION_TABLE.maxImportedHashCost.kind
    const reading = readImportedUser(
      { ...BOB, hashed_password: hash },
      { now, firebase: null, canSeal: true, maxCost: min },
    )
    expect(reading).toMatchObject({ user: { hashedPassword: hash } })
  })

  it.each([
    ['argon2', argon2('m=262144,t=16,p=16'), 109],
    ['argon2', argon2('m=65536,t=16,p=4'), 28],
    ['argon2 of little memory with many lanes', argon2('m=24576,t=16,p=255'), 27],
    ['bcrypt', bcrypt(15), 49],
    ['scrypt', `$scrypt$ln=17,r=8,p=4$${salt}$${key}`, 35],
    ['PBKDF2', `$pbkdf2-sha512$i=2500001$${salt}$${key}`, 26],
    ['PBKDF2 with two blocks', `$pbkdf2-sha256$i=2000000$${salt}$${'A'.repeat(86)}`, 40],
  ])('cannot have a hash that costs more than the default allows: %s %s', (_, hash, cost) => {
    const fields = { ...BOB, hashed_password: hash }
    expect(problemOf(fields)).toBe(
      `hashed_password: the hash costs ${cost} times as much as an argon2id hash, and BIENVENUE_MAX_IMPORTED_HASH_COST allows 25`,
    )
    const reading = readImportedUser(fields, { now, firebase: null, canSeal: true, maxCost: cost })
    expect(reading).toMatchObject({ user: { hashedPassword: hash } })
  })

  it('from Firebase needs the hash parameters of the project, within the general limits', () => {
    const [{ hash, salt } = expect.unreachable()] = FIREBASE.hashes
    const fields = { ...BOB, hashed_password: hash, salt }
    expect(problemOf(fields)).toMatch(/the hash parameters of its Firebase project are not given$/)
    const project = { signerKey: Buffer.alloc(64), saltSeparator: Buffer.alloc(1), rounds: 8, memCost: 14 }
    const readOf = (firebase: typeof project) =>
      readImportedUser(fields, { now, firebase, canSeal: true, maxCost: 16 })
    expect(readOf(project)).toMatchObject({
      user: { hashedPassword: expect.stringMatching(/^\$firebase-scrypt\$ln=14,r=8,p=1\$/) },
    })
    expect(readOf({ ...project, memCost: 30 })).toEqual({
      problem: expect.stringMatching(/^hashed_password: the hash has a memory in KiB of \d+, and the limit/),
    })
    expect(readOf({ ...project, signerKey: Buffer.alloc(32) })).toEqual({
      problem: 'hashed_password: the hash is not from this Firebase project',
    })
  })
})

describe('the factors of a user to import', () => {
  const at = '2020-01-02T03:04:05.678Z'
  const PASSKEY = {
    credential_id: 'Y3JlZGVudGlhbA',
    public_key: 'cHVibGljIGtleQ',
    algorithm: -7,
    rp_id: 'auth.example.com',
    created_at: at,
  }
  const OWNER = { ...BOB, webauthn_handle: 'aGFuZGxl' }

  it('are an authenticator app and passkeys, with defaults for what a passkey does not say', () => {
    const given = { ...OWNER, totp_secret: 'jbsw y3dp-ehpk 3pxp', passkeys: JSON.stringify([PASSKEY]) }
    expect(factorsOf(given)).toEqual({
      totp: {
        secret: new Uint8Array(Buffer.from('Hello!\xde\xad\xbe\xef', 'latin1')),
        confirmedAt: now,
        disabledAt: null,
      },
      passkeys: [
        {
          credentialId: PASSKEY.credential_id,
          publicKey: new Uint8Array(Buffer.from('public key')),
          algorithm: -7,
          signCount: 0,
          backupEligible: false,
          backedUp: false,
          userVerified: false,
          discoverable: true,
          transports: [],
          aaguid: '00000000-0000-0000-0000-000000000000',
          rpId: 'auth.example.com',
          name: 'Passkey',
          createdAt: new Date(at),
          lastUsedAt: null,
        },
      ],
      identities: [],
    })
  })

  it('enable the second factor if there is an app, unless a flag says no', () => {
    const totp_secret = 'JBSWY3DPEHPK3PXP'
    const enabledAt = (fields: Fields) => userOf({ ...OWNER, ...fields }).secondFactorEnabledAt
    expect(enabledAt({ totp_secret })).toEqual(now)
    expect(enabledAt({ totp_secret, totp_confirmed_at: at })).toEqual(new Date(at))
    expect(enabledAt({ totp_secret, second_factor_enabled: false })).toBeNull()
    expect(enabledAt({ passkeys: [PASSKEY] })).toBeNull()
    expect(enabledAt({ passkeys: [PASSKEY], second_factor_enabled: 'true' })).toEqual(now)
    expect(problemOf({ ...BOB, second_factor_enabled: false, second_factor_enabled_at: at })).toBe(
      'second_factor_enabled: is false, but second_factor_enabled_at is set',
    )
  })

  it('need a key that seals the secret', () => {
    expect(problemOf({ ...BOB, totp_secret: 'JBSWY3DPEHPK3PXP' }, { canSeal: false })).toMatch(
      /^totp_secret: needs BIENVENUE_SECRET_KEY, which encrypts it;/,
    )
  })

  it('need the handle that a passkey signs in with; a security key does not', () => {
    expect(problemOf({ ...BOB, passkeys: [PASSKEY] })).toBe(
      'webauthn_handle: is missing, and the passkeys need it',
    )
    expect(factorsOf({ ...BOB, passkeys: [{ ...PASSKEY, discoverable: false }] }).passkeys).toHaveLength(1)
  })

  it.each<[field: string, value: unknown, problem: string]>([
    ['credential_id', undefined, 'is missing'],
    ['credential_id', 'Y3JlZGVudGlhbA==', 'is not 1 to 1023 bytes in base64url without padding'],
    ['credential_id', 'A'.repeat(1_366), 'is not 1 to 1023 bytes in base64url without padding'],
    ['public_key', '', 'is not 1 to 1024 bytes in base64url without padding'],
    ['public_key', 7, 'is not 1 to 1024 bytes in base64url without padding'],
    ['algorithm', -35, 'is not one of -8, -7, -257'],
    ['algorithm', '-7', 'is not one of -8, -7, -257'],
    ['sign_count', -1, 'is not a whole number from 0 to 4294967295'],
    ['sign_count', 2 ** 32, 'is not a whole number from 0 to 4294967295'],
    ['backed_up', true, 'is true, but backup_eligible is not'],
    ['discoverable', 'perhaps', 'is not a boolean: write true or false'],
    ['transports', 'usb', 'is not a list of transports'],
    ['transports', ['USB'], 'is not a list of transports'],
    ['aaguid', 'yubikey', 'is not a UUID'],
    ['rp_id', 'https://example.com', 'is not a host name in lower case'],
    ['rp_id', 'Example.com', 'is not a host name in lower case'],
    ['name', 'a\nb', 'contains U+000A, an invisible character'],
    ['name', 'x'.repeat(65), 'is longer than 64 characters'],
    ['created_at', null, 'is missing'],
    ['last_used_at', {}, 'is not a timestamp'],
    ['private_key', 'x', 'is not a field of a passkey'],
    ['__proto__', 'x', 'is not a field of a passkey'],
  ])('with %s %j of a passkey are refused', (field, value, problem) => {
    const passkey = Object.fromEntries([...Object.entries(PASSKEY), [field, value]])
    expect(problemOf({ ...OWNER, passkeys: [passkey] })).toMatch(`passkeys[0].${field}: ${problem}`)
  })

  it('are refused if two passkeys have the same credential id', () => {
    expect(problemOf({ ...OWNER, passkeys: [PASSKEY, PASSKEY] })).toBe('passkeys: has a credential_id twice')
  })
})

describe('the identities of a user to import', () => {
  const at = '2020-01-02T03:04:05.678Z'
  const GOOGLE = {
    provider: 'google',
    issuer: 'https://accounts.google.com',
    subject: '110169484474386276334',
    created_at: at,
  }

  it('need no address, no later sign-in, and no password', () => {
    const identity = {
      providerId: 'google',
      issuer: 'https://accounts.google.com',
      subject: '110169484474386276334',
      email: null,
      emailVerified: false,
      createdAt: new Date(at),
      lastUsedAt: null,
    }
    expect(factorsOf({ ...BOB, identities: [GOOGLE] }).identities).toEqual([identity])
    // In CSV, the list is text.
    const github = { ...GOOGLE, issuer: 'https://github.com/login/oauth', email: 'b@x.org', last_used_at: at }
    const text = JSON.stringify([GOOGLE, { ...github, email_verified: true }])
    const second = { issuer: github.issuer, email: 'b@x.org', emailVerified: true, lastUsedAt: new Date(at) }
    expect(factorsOf({ ...BOB, identities: text }).identities).toEqual([identity, { ...identity, ...second }])
    expect(userOf({ ...BOB, identities: [GOOGLE] })).toMatchObject({
      hashedPassword: '!',
      emailVerifiedAt: null,
      secondFactorEnabledAt: null,
    })
  })

  it.each<[field: string, value: unknown, problem: string]>([
    ['provider', undefined, 'is missing'],
    ['provider', 'Google', 'is not the id of a provider, such as google'],
    ['provider', 'continue', 'is not the id of a provider, such as google'],
    ['issuer', null, 'is missing'],
    ['issuer', 'accounts.google.com', 'is not the URL of an issuer'],
    ['issuer', 'https://accounts.google.com/?a=b', 'is not the URL of an issuer'],
    ['issuer', 'https://bob@accounts.google.com', 'is not the URL of an issuer'],
    ['issuer', `https://example.com/${'a'.repeat(493)}`, 'is not the URL of an issuer'],
    ['subject', null, 'is missing'],
    ['subject', '', 'is not 1 to 255 characters long'],
    ['subject', 'x'.repeat(256), 'is not 1 to 255 characters long'],
    ['subject', 110_169, 'is not text'],
    ['subject', 'a\0b', 'is not text'],
    ['email', 'x'.repeat(255), 'is not 1 to 254 characters long'],
    ['email_verified', 'perhaps', 'is not a boolean: write true or false'],
    ['email_verified', true, 'is true, but there is no email'],
    ['created_at', null, 'is missing'],
    ['last_used_at', 'yesterday', 'is not a timestamp'],
    ['access_token', 'ya29.x', 'is not a field of an identity'],
  ])('with %s %j are refused', (field, value, problem) => {
    expect(problemOf({ ...BOB, identities: [{ ...GOOGLE, [field]: value }] })).toMatch(
      `identities[0].${field}: ${problem}`,
    )
  })

  it('are refused if two have the same issuer and subject', () => {
    const twice = [GOOGLE, { ...GOOGLE, provider: 'other' }]
    expect(problemOf({ ...BOB, identities: twice })).toBe('identities: has an issuer and subject twice')
  })
})
