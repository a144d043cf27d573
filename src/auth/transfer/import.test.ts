import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FOREIGN_HASHES } from '../../../test/fixtures/hashes.ts'
import { type EngineName, freshAuth, onBothEngines, testClock } from '../../../test/support/engines.ts'
import { openTables, productionAuth } from '../../../test/support/production.ts'
import type { Auth, ExportedUser, ImportItem, ImportOptions } from '../../index.ts'

const [HASH = expect.unreachable()] = FOREIGN_HASHES

/** Imports users and adds up the results of all steps. */
async function imported(auth: Auth, users: Iterable<Record<string, unknown>>, options?: ImportOptions) {
  const items = Array.from(users, (fields) => ({ fields }))
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

onBothEngines('an imported account with an unconfirmed address', (engine) => {
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
  const user = fc.record({
    id: fc.integer({ min: 1, max: 0x7fffffff }),
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
    webauthn_handle: fc.constantFrom(null, 'h'.repeat(43)),
  })
  const users = fc.uniqueArray(user, {
    maxLength: 30,
    comparator: (a, b) => a.id === b.id || a.email.toLowerCase() === b.email.toLowerCase(),
  })

  const databases: [EngineName, EngineName][] = [
    ['sqlite', 'postgres'],
    ['postgres', 'sqlite'],
  ]
  it.each(databases)(
    'from %s imports into %s unchanged, and importing it again adds nothing',
    async (from, to) => {
      await fc.assert(
        fc.asyncProperty(users, async (given) => {
          const [one, other] = [await freshAuth(from), await freshAuth(to)]
          expect(await imported(one, given)).toEqual({ added: given.length, unchanged: 0, rejected: [] })
          const lines = (await exported(one)).map((line) => JSON.parse(JSON.stringify(line)))
          expect(lines).toEqual(given.toSorted((a, b) => a.id - b.id))
          expect(await imported(other, lines)).toMatchObject({ added: given.length, rejected: [] })
          expect(await rowsOf(other)).toEqual(await rowsOf(one))
          expect(await imported(other, lines)).toEqual({ added: 0, unchanged: given.length, rejected: [] })
        }),
        { numRuns: 15 },
      )
    },
  )

  async function rowsOf(auth: Auth): Promise<unknown[]> {
    return (await openTables(auth.options.databaseUrl))
      .selectFrom('users')
      .selectAll()
      .orderBy('id')
      .execute()
  }
})
