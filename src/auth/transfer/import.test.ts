import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FOREIGN_HASHES } from '../../../test/fixtures/hashes.ts'
import { cbor, SoftwareAuthenticator } from '../../../test/support/authenticator.ts'
import {
  type EngineName,
  freshAuth,
  migratedDatabase,
  onBothEngines,
  onEachEngine,
  testClock,
} from '../../../test/support/engines.ts'
import {
  accountWithFactors,
  beginSignIn,
  codeOf,
  signInWithPasskey,
} from '../../../test/support/factored-account.ts'
import { FAKE_CLIENT, FAKE_PERSON, startFakeProvider } from '../../../test/support/fake-provider.ts'
import { BASE_URL, CLIENT, openTables, productionAuth, randomKey } from '../../../test/support/production.ts'
import type { Auth, ExportedUser, ImportItem, ImportOptions } from '../../index.ts'
import { decodeBase32 } from '../../lib/base32.ts'

const [HASH = expect.unreachable()] = FOREIGN_HASHES

/** Imports users and adds up the results of all steps. */
async function imported(auth: Auth, users: Iterable<object>, options?: ImportOptions) {
  const items = Array.from(users, (fields) => ({ fields: { ...fields } }))
  return summed(auth, items, options)
}

async function summed(auth: Auth, items: ImportItem[], options?: ImportOptions) {
  const sum = { added: 0, unchanged: 0, rejected: [] as { item: ImportItem; problem: string }[] }
  for await (const step of auth.transfer.importUsers(items, options)) {
    sum.added += step.added
    sum.unchanged += step.unchanged
    sum.rejected.push(...step.rejected)
  }
  return sum
}

const problemsOf = ({ rejected }: { rejected: readonly { problem: string }[] }) =>
  rejected.map(({ problem }) => problem)

function exported(auth: Auth): Promise<ExportedUser[]> {
  return Array.fromAsync(auth.transfer.exportUsers({ withHashes: true }))
}

function* people(count: number, from = 0) {
  for (let index = from; index < from + count; index++)
    yield { email: `user${index}@example.com`, hashed_password: '!' }
}

onBothEngines('transfer.importUsers', (engine) => {
  it('adds accounts that can sign in, and rehashes their passwords at the first sign-in', async () => {
    const auth = await freshAuth(engine)
    const users = FOREIGN_HASHES.map(({ hash }, index) => ({
      email: `User${index}@example.com`,
      hashed_password: hash,
    }))
    expect(await imported(auth, users)).toEqual({ added: users.length, unchanged: 0, rejected: [] })
    // One of each family, because each sign-in also makes a new hash.
    const forms = ['bcrypt_sha256$', '$argon2i$', '$scrypt$', 'scrypt:', 'pbkdf2']
    const reordered = '$argon2id$v=19$m=1024,p=2'
    for (const form of [...forms, reordered, '$bcrypt$', '{BLF-CRYPT}', '{scrypt}', '{PBKDF2-SHA256}']) {
      const index = FOREIGN_HASHES.findIndex(({ hash }) => hash.startsWith(form))
      const { password = '' } = FOREIGN_HASHES[index] ?? {}
      const email = `user${index}@example.com`
      await expect(auth.signIn.withPassword({ email, password: `${password}x` })).rejects.toMatchObject({
        code: 'invalid_credentials',
      })
      expect(await auth.signIn.withPassword({ email, password })).toMatchObject({
        user: { email: `User${index}@example.com` },
      })
      const { hashedPassword } = await auth.db.findUserBy({ email })
      expect(hashedPassword).toMatch(/^\$2b\$04\$/)
      expect(await auth.validLogin(email, password)).toBe(true)
    }
  })

  it('leaves existing accounts unchanged and reports conflicts', async () => {
    const auth = await freshAuth(engine, { now: testClock() })
    const bob = { email: 'bob@example.com', hashed_password: HASH.hash, email_verified: true, locale: 'fr' }
    await imported(auth, [bob])
    const before = await exported(auth)
    expect(await imported(auth, [bob, bob])).toEqual({ added: 0, unchanged: 2, rejected: [] })
    const others = [
      { ...bob, hashed_password: '!' },
      { ...bob, email: 'BOB@example.com' },
      { ...bob, email_verified: false },
      { ...bob, disabled: true },
      { ...bob, created_at: '2020-01-01T00:00:00Z' },
      { ...bob, locale: 'en' },
      { ...bob, password_version: 2 },
      { ...bob, id: 99 },
    ]
    const refused = await imported(auth, others)
    expect(problemsOf(refused)).toEqual(others.map(() => 'email: another account has this address'))
    expect(refused.rejected.map(({ item }) => 'fields' in item && item.fields)).toEqual(others)
    expect(await exported(auth)).toEqual(before)
  })

  it('imports the first of several entries with the same address, in any spelling', async () => {
    const auth = await freshAuth(engine)
    const bob = { email: 'bob@example.com', hashed_password: '!' }
    const sum = await imported(auth, [bob, { ...bob, email: ' BOB@Example.com' }, bob])
    expect(sum).toMatchObject({ added: 1, unchanged: 1 })
    expect(problemsOf(sum)).toEqual(['email: an earlier line has this address with other values'])
  })

  it('keeps imported ids and never reuses them', async () => {
    const auth = await freshAuth(engine)
    const of = (id: number | null, name: string) => ({
      id,
      email: `${name}@example.com`,
      hashed_password: '!',
    })
    const sum = await imported(auth, [of(null, 'anne'), of(41, 'bob'), of(7, 'carol'), of(41, 'dave')])
    expect(sum).toMatchObject({ added: 3 })
    expect(problemsOf(sum)).toEqual(['id: another account has this id'])
    expect(problemsOf(await imported(auth, [of(7, 'eve')]))).toEqual(['id: another account has this id'])
    const numbers = (await exported(auth)).map(({ id, email }) => [id, email.split('@')[0]])
    expect(numbers).toEqual([
      [7, 'carol'],
      [41, 'bob'],
      [42, 'anne'],
    ])
    expect(await auth.registerUser('frank@example.com', 'b4l0u')).toMatchObject({ id: 43 })
  })

  it('returns rejected entries with the reason and continues', async () => {
    const auth = await freshAuth(engine)
    const items = [
      { line: 1, problem: 'is no JSON' },
      { line: 2, fields: { email: 'bob@example.com', hashed_password: '!' } },
      { line: 3, fields: { email: 'nobody', hashed_password: '!' } },
    ]
    const { added, rejected } = await summed(auth, items)
    expect(added).toBe(1)
    expect(
      rejected.map(({ item, problem }) => [items.indexOf(item as (typeof items)[number]) + 1, problem]),
    ).toEqual([
      [1, 'is no JSON'],
      [3, 'email: is not an email address'],
    ])
  })

  it('changes nothing in a dry run and reports what would happen', async () => {
    const auth = await freshAuth(engine)
    await imported(auth, people(3))
    const before = [await exported(auth), await Array.fromAsync(auth.audit.list())]
    const repeated = { email: 'USER2500@example.com', hashed_password: '!' }
    const numbered = { id: 5, email: 'a@example.com', hashed_password: '!' }
    const users = [
      ...people(2_501),
      repeated,
      ...people(1, 2_000),
      numbered,
      { ...numbered, email: 'b@example.com' },
    ]
    const dry = await imported(auth, users, { dryRun: true })
    expect([(await exported(auth)).length, before[0]?.length]).toEqual([3, 3])
    const lines = await Array.fromAsync(auth.audit.list())
    expect(lines.filter(({ action }) => action !== 'export_users')).toEqual(
      before[1]?.filter((line) => 'action' in line && line.action !== 'export_users'),
    )
    expect(dry).toMatchObject({ added: 2_499, unchanged: 4 })
    const real = await imported(auth, users)
    // user4 was assigned this id during the import, which a dry run cannot know.
    expect(real).toMatchObject({ added: 2_498, unchanged: 4 })
    expect(problemsOf(dry)).toEqual([problemsOf(real)[0], problemsOf(real)[2]])
  })

  it('commits in steps, so that an interrupted import can be repeated', async () => {
    const now = testClock()
    const auth = await freshAuth(engine, { now })
    async function* cut() {
      for (const fields of people(2_500)) yield { fields }
      throw new Error('the cable was pulled')
    }
    const steps = auth.transfer.importUsers(cut())
    await expect(Array.fromAsync(steps)).rejects.toThrow('the cable was pulled')
    now.advance(1)
    async function* again() {
      for (const fields of people(3_000)) yield { fields }
      // Records of the same moment have no order, so the end must be later.
      now.advance(1)
    }
    const total = { added: 0, unchanged: 0 }
    for await (const step of auth.transfer.importUsers(again())) {
      total.added += step.added
      total.unchanged += step.unchanged
      expect(step.rejected).toEqual([])
    }
    expect(total).toEqual({ added: 1_000, unchanged: 2_000 })
    const actions = (await Array.fromAsync(auth.audit.list())).map(({ action }) => action)
    expect(actions).toEqual(['finish_import', 'begin_import', 'begin_import'])
  })

  it('never creates two accounts with one address during concurrent registrations', async () => {
    const auth = await freshAuth(engine)
    // Fewer at once than the pool has connections, so that the import never waits for one behind them.
    const register = async (start: number) => {
      for (let index = start; index < 1_500; index += 6 * 50)
        await auth.registerUser(`USER${index}@example.com`, 'b4l0u').catch(() => {})
    }
    const [sum] = await Promise.all([
      imported(auth, people(1_500)),
      ...Array.from({ length: 6 }, (_, lane) => register(lane * 50)),
    ])
    expect(sum.added + sum.rejected.length).toBe(1_500)
    const addresses = (await exported(auth)).map(({ email }) => email.toLowerCase())
    expect([addresses.length, new Set(addresses).size]).toEqual([1_500, 1_500])
  })

  it('clears failures counted before the account existed', async () => {
    const auth = await freshAuth(engine, { loginFailuresPerAccount: 2 })
    const { password, hash } = HASH
    for (let failure = 0; failure < 2; failure++)
      await auth.signIn.withPassword({ email: 'bob@example.com', password: 'wrong' }).catch(() => {})
    await expect(auth.signIn.withPassword({ email: 'bob@example.com', password })).rejects.toMatchObject({
      code: 'too_many_attempts',
    })
    await imported(auth, [{ email: 'bob@example.com', hashed_password: hash }])
    expect(await auth.validLogin('bob@example.com', password)).toBe(true)
  })
})

onEachEngine('an imported account with an unconfirmed address', (engine) => {
  it('receives the confirmation mail at the first correct password and never expires', async () => {
    const { auth, mailedLink, now } = await productionAuth(engine)
    const { password, hash } = HASH
    const email = 'bob@example.com'
    await imported(auth, [{ email, hashed_password: hash }])
    now.advance(365 * 86_400)
    await auth.deleteExpired()
    await expect(auth.signIn.withPassword({ email, password: 'wrong' })).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    await expect(auth.signIn.withPassword({ email, password })).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    const { token } = await mailedLink('verify_email')
    await auth.account.confirmEmail({ token, password })
    expect(await auth.signIn.withPassword({ email, password })).toMatchObject({ next: 'signed_in' })
  })
})

onEachEngine('the factors of an account', (engine) => {
  it('move to another service with the app, the passkeys and their strength, but without recovery codes', async () => {
    const bob = await accountWithFactors(engine)
    const { auth, secret, email, now, passkeys, recoveryCodes } = bob
    const lines = await exported(auth)
    expect(lines).toMatchObject([{ totp_secret: secret, second_factor_enabled: true }])
    expect(await imported(auth, lines)).toEqual({ added: 0, unchanged: 1, rejected: [] })
    const plain = await Array.fromAsync(auth.transfer.exportUsers())
    expect(plain[0]).not.toHaveProperty('totp_secret')
    expect(plain[0]?.passkeys).toHaveLength(2)

    const other = await productionAuth(engine, { now })
    expect(await imported(other.auth, lines)).toEqual({ added: 1, unchanged: 0, rejected: [] })
    const { loginToken } = await beginSignIn({ auth: other.auth, email })
    // It may have been used at the old service.
    await expect(
      other.auth.signIn.withTotp({ code: codeOf(secret, now()) }, { loginToken }),
    ).rejects.toMatchObject({ code: 'invalid_code' })
    const [code = ''] = recoveryCodes
    await expect(other.auth.signIn.withRecoveryCode({ code }, { loginToken })).rejects.toMatchObject({
      code: 'invalid_code',
    })
    now.advance(60)
    const next = { code: codeOf(secret, now()) }
    expect(await other.auth.signIn.withTotp(next, { loginToken })).toMatchObject({ next: 'signed_in' })
    for (const passkey of passkeys)
      expect(await signInWithPasskey(other, passkey)).toMatchObject({ next: 'signed_in' })
    const rows = await other.db.selectFrom('totp').select('sealed_secret').execute()
    expect(JSON.stringify(rows)).not.toContain(JSON.stringify([...(decodeBase32(secret) ?? [])]).slice(1, -1))
  })

  it('is refused if another account, or an earlier line, has the user handle', async () => {
    const bob = await accountWithFactors(engine)
    const [line = expect.unreachable()] = await exported(bob.auth)
    const { id: _, passkeys: __, ...others } = line
    const carol = { ...others, email: 'carol@example.com' }
    const dave = { ...carol, email: 'dave@example.com', webauthn_handle: 'bmV3' }
    const lines = [carol, dave, { ...dave, email: 'erin@example.com' }, dave]
    for (const dryRun of [true, false]) {
      const sum = await imported(bob.auth, lines, { dryRun })
      expect(sum).toMatchObject({ added: 1, unchanged: 1 })
      expect(problemsOf(sum)).toEqual(Array(2).fill('webauthn_handle: another account has this user handle'))
    }
  })

  it('is refused in part without losing the rest: taken credentials, wrong keys, no secret key', async () => {
    const bob = await accountWithFactors(engine)
    const [line = expect.unreachable()] = await exported(bob.auth)
    const { id: _, ...carol } = { ...line, email: 'carol@example.com', webauthn_handle: 'YW5vdGhlcg' }
    const [passkey = expect.unreachable(), second] = line.passkeys
    const fresh = { ...passkey, credential_id: 'bmV3' }
    const dave = { ...carol, email: 'dave@example.com', passkeys: [fresh] }
    const lines = [
      carol,
      dave,
      { ...dave, email: 'erin@example.com', webauthn_handle: 'ZXJpbg' },
      { ...dave, passkeys: [second] },
      { ...carol, passkeys: [{ ...fresh, public_key: 'bm8gY29zZQ' }] },
      { ...carol, passkeys: [{ ...fresh, algorithm: -257 }] },
      { email: 'frank@example.com', hashed_password: '!' },
    ]
    for (const dryRun of [true, false]) {
      const sum = await imported(bob.auth, lines, { dryRun })
      expect(sum).toMatchObject({ added: 2, unchanged: 0 })
      expect(problemsOf(sum)).toEqual([
        'passkeys: another account has a passkey with this credential_id',
        'passkeys: another account has a passkey with this credential_id',
        'passkeys: another account has a passkey with this credential_id',
        'passkeys[0].public_key: is not a public key in COSE form of the algorithm -7',
        'passkeys[0].public_key: is not a public key in COSE form of the algorithm -257',
      ])
    }
    const without = await freshAuth(engine)
    expect(problemsOf(await imported(without, [line]))).toEqual([
      expect.stringMatching(/^totp_secret: needs BIENVENUE_SECRET_KEY, which encrypts it;/),
    ])
    expect(await imported(without, [{ ...line, totp_secret: null, totp_confirmed_at: null }])).toMatchObject({
      added: 1,
    })
  })

  it('is exported without a secret that cannot be opened, and the import refuses such a line', async () => {
    const databaseUrl = await migratedDatabase(engine)
    await accountWithFactors(engine, { databaseUrl })
    const auth = await freshAuth(engine, { databaseUrl, secretKey: randomKey() })
    const lines = await exported(auth)
    expect(lines).toMatchObject([{ totp_secret: null, totp_confirmed_at: expect.any(String) }])
    const other = await freshAuth(engine, { secretKey: randomKey() })
    expect(problemsOf(await imported(other, lines))).toEqual([
      'totp_confirmed_at: is set, but totp_secret is missing',
    ])
  })

  it('must be set up at the first sign-in if the second factor was enabled, and none was imported', async () => {
    const { auth } = await productionAuth(engine)
    const email = 'bob@example.com'
    const { hash, password } = HASH
    const at = '2026-01-01T00:00:00.000Z'
    await imported(auth, [
      { email, hashed_password: hash, email_verified: true, second_factor_enabled_at: at },
    ])
    expect(await auth.signIn.withPassword({ email, password })).toMatchObject({ next: 'enrol', methods: [] })
  })
})

onEachEngine('the identities of an account', (engine) => {
  const ANNA = {
    email: 'anna@example.com',
    hashed_password: '!',
    identities: [
      {
        provider: 'acme',
        issuer: 'https://login.acme.example',
        subject: 'person-1',
        email: 'anna@acme.example',
        email_verified: true,
        created_at: '2026-01-02T03:04:05.678Z',
        last_used_at: null,
      },
    ],
  }
  const [OF_ACME] = ANNA.identities as [(typeof ANNA.identities)[0]]

  /** A service with a provider, and with Anna imported. */
  async function stage(line: object = {}) {
    const fake = await startFakeProvider()
    const identity = { ...OF_ACME, issuer: fake.issuer, subject: FAKE_PERSON.sub }
    const production = await productionAuth(engine, { outboundPrivate: 'localhost,127.0.0.0/8' })
    const { auth, now } = production
    fake.knobs.claims = (claims) => {
      const seconds = Math.floor(now().getTime() / 1_000)
      return { ...claims, iat: seconds, exp: seconds + 300 }
    }
    const users = [{ ...ANNA, identities: [identity], ...line }]
    expect(await imported(auth, users)).toEqual({ added: 1, unchanged: 0, rejected: [] })
    // The provider may come later.
    await auth.providers.add({ ...FAKE_CLIENT, preset: 'oidc', id: 'acme', issuer: fake.issuer })
    const signIn = async () => {
      const { redirectTo, flowToken } = await auth.providers.startSignIn({ provider: 'acme' }, CLIENT)
      const answer = fake.authorize(new URL(redirectTo)).searchParams
      return auth.providers.completeSignIn(
        { provider: 'acme', parameters: Object.fromEntries(answer) },
        { ...CLIENT, sessionToken: undefined, flowToken },
      )
    }
    return { ...production, identity, signIn }
  }

  it('sign in after the import, without a password, and are in every export', async () => {
    const { auth, now, identity, signIn } = await stage({ email_verified: true })
    const signedIn = await signIn()
    expect(signedIn).toMatchObject({ next: 'signed_in', user: { email: ANNA.email } })
    const lines = await Array.fromAsync(auth.transfer.exportUsers())
    const used = { ...identity, email: FAKE_PERSON.email, last_used_at: now().toISOString() }
    expect(lines).toMatchObject([{ email: ANNA.email, identities: [used] }])
    const { sessionToken } = signedIn as { sessionToken: string }
    const { issuer, subject } = identity
    const info = { provider: 'acme', issuer, subject }
    expect(await auth.account.export({ sessionToken })).toMatchObject({ identities: [info] })
    expect(await auth.users.find(ANNA.email)).toMatchObject({ identities: [info] })
  })

  it('confirm the address of their account if it is the one that the provider has verified', async () => {
    const { auth, signIn } = await stage({ email: FAKE_PERSON.email })
    expect(await signIn()).toMatchObject({ next: 'signed_in', user: { email: FAKE_PERSON.email } })
    expect(await auth.users.find(FAKE_PERSON.email)).toMatchObject({
      user: { emailVerifiedAt: expect.any(Date) },
    })
  })

  it('do not sign in to an unconfirmed account with another address, which stays as it is', async () => {
    const { auth, signIn } = await stage()
    await expect(signIn()).rejects.toMatchObject({ code: 'sign_in_refused' })
    expect(await auth.users.find(ANNA.email)).toMatchObject({ user: { emailVerifiedAt: null } })
  })

  it('are refused if another account or line has one, and compared if the account exists', async () => {
    const auth = await freshAuth(engine)
    const lines = [
      ANNA,
      ANNA,
      { ...ANNA, email: 'bob@example.com' },
      { ...ANNA, email: 'carol@example.com', identities: [{ ...OF_ACME, issuer: 'https://other.example' }] },
      { ...ANNA, identities: [{ ...OF_ACME, subject: 'person-2' }] },
    ]
    const taken = 'identities: another account has an identity with this issuer and subject'
    const differs = 'email: an earlier line has this address with other values'
    for (const dryRun of [true, false]) {
      const sum = await imported(auth, lines, { dryRun })
      expect(sum).toMatchObject({ added: 2, unchanged: 1 })
      expect(problemsOf(sum)).toEqual([taken, differs])
    }
    for (const dryRun of [true, false]) {
      const sum = await imported(auth, lines, { dryRun })
      expect(sum).toMatchObject({ added: 0, unchanged: 3 })
      expect(problemsOf(sum)).toEqual([taken, 'email: another account has this address'])
    }
    // Only a given field is compared.
    const { identities: _, ...rest } = ANNA
    expect(await imported(auth, [rest])).toMatchObject({ unchanged: 1 })
  })

  it('belong to one account, however many imports run at once', async () => {
    const auth = await freshAuth(engine)
    const sums = await Promise.all(
      Array.from({ length: 6 }, (_, index) => imported(auth, [{ ...ANNA, email: `${index}@example.com` }])),
    )
    expect(sums.flatMap(problemsOf)).toEqual(
      Array(5).fill('identities: another account has an identity with this issuer and subject'),
    )
    expect(sums.filter(({ added }) => added === 1)).toHaveLength(1)
  })
})

onBothEngines('transfer.exportUsers', (engine) => {
  it('lists every existing user once while others register or are deleted', async () => {
    const auth = await freshAuth(engine)
    await imported(auth, people(1_800))
    const seen: ExportedUser[] = []
    let count = 0
    for await (const user of auth.transfer.exportUsers()) {
      seen.push(user)
      if (++count % 100 !== 0) continue
      await auth.registerUser(`new${count}@example.com`, 'b4l0u')
      const { id } = await auth.db.findUserBy({ email: `user${1_800 - count / 100}@example.com` })
      await auth.users.delete(id)
    }
    const addresses = seen.map(({ email }) => email)
    expect(new Set(addresses).size).toBe(addresses.length)
    const stayed = Array.from(people(1_770), ({ email }) => email)
    expect(stayed.filter((email) => !addresses.includes(email))).toEqual([])
    expect(seen.every((user) => !('hashed_password' in user))).toBe(true)
  })
})

describe('an export', () => {
  const moment = fc
    .date({
      min: new Date('1970-01-01T00:00:00Z'),
      max: new Date('2100-01-01T00:00:00Z'),
      noInvalidDate: true,
    })
    .map((date) => date.toISOString())
  const perhaps = fc.option(moment, { nil: null })
  const [es256, rs256] = (['ES256', 'RS256'] as const).map((kind) =>
    cbor(new SoftwareAuthenticator({ origin: BASE_URL, kind }).publicKey()).toString('base64url'),
  )
  const flags = fc.constantFrom(
    { backup_eligible: false, backed_up: false },
    { backup_eligible: true, backed_up: false },
    { backup_eligible: true, backed_up: true },
  )
  const passkey = fc
    .record({
      credential_id: fc.stringMatching(/^[A-Za-z0-9_-]{8}$/),
      key: fc.constantFrom({ public_key: es256, algorithm: -7 }, { public_key: rs256, algorithm: -257 }),
      sign_count: fc.integer({ min: 0, max: 0xff_ff_ff_ff }),
      flags,
      user_verified: fc.boolean(),
      discoverable: fc.boolean(),
      transports: fc.constantFrom([], ['internal', 'hybrid'], ['usb']),
      aaguid: fc.uuid(),
      rp_id: fc.constantFrom('auth.example.com', 'localhost'),
      name: fc.constantFrom('Zoé’s phone', '"; drop table users; --'),
      created_at: moment,
      last_used_at: perhaps,
    })
    .map(({ key, flags, ...rest }) => ({ ...rest, ...key, ...flags }))
  const byCredential = (a: { credential_id: string }, b: { credential_id: string }) =>
    a.credential_id < b.credential_id ? -1 : 1

  const identity = fc
    .record({
      provider: fc.constantFrom('google', 'my-company'),
      issuer: fc.constantFrom('https://accounts.google.com', 'https://login.example/a;b'),
      subject: fc.stringMatching(/^[ -~é]{1,20}$/),
      email: fc.constantFrom(null, 'zoé@x.org', 'not an address'),
      email_verified: fc.boolean(),
      created_at: moment,
      last_used_at: perhaps,
    })
    .map((given) => ({ ...given, email_verified: given.email_verified && given.email !== null }))
  const bySubject = (a: { subject: string }, b: { subject: string }) => (a.subject < b.subject ? -1 : 1)

  const user = fc.record({
    id: fc.integer({ min: 1, max: 0x7ffffffe }),
    email: fc
      .tuple(
        fc.stringMatching(/^[a-zé]{1,12}$/),
        fc.constantFrom('example.com', 'bücher.example', 'EXAMPLE.org'),
      )
      .map((parts) => parts.join('@')),
    hashed_password: fc.constantFrom('!', ...FOREIGN_HASHES.map(({ hash }) => hash)),
    created_at: moment,
    email_verified_at: perhaps,
    disabled_at: perhaps,
    unconfirmed_until: perhaps,
    password_compromised_at: perhaps,
    password_version: fc.integer({ min: 1, max: 1_000 }),
    locale: fc.constantFrom(null, 'en', 'fr', 'pt-BR'),
    name: fc.constantFrom(null, 'Zoé', '"; drop table users; --', '山田 太郎'),
    picture: fc.constantFrom(null, 'https://example.com/%7E?a=%22'),
    metadata: fc.constantFrom(null, { plan: 'pro', seats: [1, null, { ok: true }] }),
    private_metadata: fc.constantFrom(null, { text: '\0 \u2028 é " \\ \'' }),
    second_factor_enabled_at: perhaps,
    second_factor_required_at: perhaps,
    webauthn_handle: fc.constant('A'.repeat(40)),
    totp_secret: fc.constantFrom(null, 'JBSWY3DPEHPK3PXP', 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'),
    totp_confirmed_at: moment,
    totp_disabled_at: perhaps,
    passkeys: fc.uniqueArray(passkey, { maxLength: 3, selector: ({ credential_id }) => credential_id }),
    identities: fc.uniqueArray(identity, { maxLength: 3, selector: ({ subject }) => subject }),
  })
  /** As an export writes it: never a time without its flag, or an app without a secret. */
  const users = fc
    .uniqueArray(user, {
      maxLength: 30,
      comparator: (a, b) => a.id === b.id || a.email.toLowerCase() === b.email.toLowerCase(),
    })
    .map((given) =>
      given.map((one, index) => ({
        ...one,
        // Unique over all users.
        webauthn_handle: `${one.webauthn_handle}${String(index).padStart(4, 'A')}`,
        second_factor_enabled: one.second_factor_enabled_at !== null,
        ...(one.totp_secret === null && { totp_confirmed_at: null, totp_disabled_at: null }),
        passkeys: one.passkeys
          // Unique over all users.
          .map((each) => ({
            ...each,
            credential_id: `${each.credential_id}${String(index).padStart(4, 'A')}`,
          }))
          .toSorted(byCredential),
        identities: one.identities
          .map((each) => ({ ...each, subject: `${each.subject}${index}` }))
          .toSorted(bySubject),
      })),
    )

  const databases: [EngineName, EngineName][] = [
    ['sqlite', 'postgres'],
    ['postgres', 'sqlite'],
  ]
  it.each(databases)(
    'from %s imports into %s unchanged, and importing it again adds nothing',
    async (from, to) => {
      await fc.assert(
        fc.asyncProperty(users, async (given) => {
          const options = { secretKey: randomKey() }
          const [one, other] = [await freshAuth(from, options), await freshAuth(to, options)]
          expect(await imported(one, given)).toEqual({ added: given.length, unchanged: 0, rejected: [] })
          const lines = (await exported(one)).map((line) => {
            const { passkeys, identities, ...rest } = JSON.parse(JSON.stringify(line))
            return {
              ...rest,
              passkeys: passkeys.toSorted(byCredential),
              identities: identities.toSorted(bySubject),
            }
          })
          expect(lines).toEqual(given.toSorted((a, b) => a.id - b.id))
          expect(await imported(other, lines)).toMatchObject({ added: given.length, rejected: [] })
          expect(await rowsOf(other)).toEqual(await rowsOf(one))
          expect((await exported(other)).map(({ totp_secret }) => totp_secret)).toEqual(
            given.toSorted((a, b) => a.id - b.id).map(({ totp_secret }) => totp_secret),
          )
          expect(await imported(other, lines)).toEqual({ added: 0, unchanged: given.length, rejected: [] })
        }),
        { numRuns: 15 },
      )
    },
  )

  /** The rows that an import adds, without what is new in each database: ids of passkeys and identities, and sealed values. */
  async function rowsOf(auth: Auth): Promise<unknown[]> {
    const db = await openTables(auth.options.databaseUrl)
    const users = await db.selectFrom('users').selectAll().orderBy('id').execute()
    const totp = await db.selectFrom('totp').selectAll().orderBy('user_id').execute()
    const passkeys = await db.selectFrom('passkeys').selectAll().orderBy('credential_id').execute()
    const identities = await db.selectFrom('identities').selectAll().execute()
    return [
      users,
      totp.map((row) => ({ ...row, sealed_secret: row.sealed_secret?.length, last_step: null })),
      passkeys.map((row) => ({ ...row, id: null, public_key: Buffer.from(row.public_key).toString('hex') })),
      identities.map((row) => ({ ...row, id: null })).toSorted(bySubject),
    ]
  }
})
