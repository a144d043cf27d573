import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FOREIGN_HASHES } from '../../../test/fixtures/hashes.ts'
import { type EngineName, freshAuth, onBothEngines, testClock } from '../../../test/support/engines.ts'
import { openTables, productionAuth } from '../../../test/support/production.ts'
import type { Auth, ExportedUser, ImportItem, ImportOptions } from '../../index.ts'

const [HASH = expect.unreachable()] = FOREIGN_HASHES

/** Imports, and adds up what became of it. */
async function imported(auth: Auth, users: Iterable<Record<string, unknown>>, options?: ImportOptions) {
  const items = Array.from(users, (fields) => ({ fields }))
  return summed(auth, items, options)
}

async function summed<Item extends ImportItem>(auth: Auth, items: Item[], options?: ImportOptions) {
  const sum = { added: 0, unchanged: 0, rejected: [] as { item: Item; problem: string }[] }
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

onBothEngines('importUsers', (engine) => {
  it('adds accounts whose passwords are right, and makes the hash anew at the first login', async () => {
    const auth = await freshAuth(engine)
    const users = FOREIGN_HASHES.map(({ hash }, index) => ({
      email: `User${index}@example.com`,
      hashed_password: hash,
    }))
    expect(await imported(auth, users)).toEqual({ added: users.length, unchanged: 0, rejected: [] })
    // One of each family: each login costs a hash of ours.
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

  it('does nothing to those who are there already, and says so', async () => {
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
    expect(refused.rejected.map(({ item }) => item.fields)).toEqual(others)
    expect(await exported(auth)).toEqual(before)
  })

  it('takes the first of several with one address, in any spelling', async () => {
    const auth = await freshAuth(engine)
    const bob = { email: 'bob@example.com', hashed_password: '!' }
    const sum = await imported(auth, [bob, { ...bob, email: ' BOB@Example.com' }, bob])
    expect(sum).toMatchObject({ added: 1, unchanged: 1 })
    expect(problemsOf(sum)).toEqual(['email: an earlier line has this address, and is not the same'])
  })

  it('keeps the numbers that accounts bring along, and gives none of them a second time', async () => {
    const auth = await freshAuth(engine)
    const of = (id: number | null, name: string) => ({
      id,
      email: `${name}@example.com`,
      hashed_password: '!',
    })
    const sum = await imported(auth, [of(null, 'anne'), of(41, 'bob'), of(7, 'carol'), of(41, 'dave')])
    expect(sum).toMatchObject({ added: 3 })
    expect(problemsOf(sum)).toEqual(['id: another account has this number'])
    expect(problemsOf(await imported(auth, [of(7, 'eve')]))).toEqual(['id: another account has this number'])
    const numbers = (await exported(auth)).map(({ id, email }) => [id, email.split('@')[0]])
    expect(numbers).toEqual([
      [7, 'carol'],
      [41, 'bob'],
      [42, 'anne'],
    ])
    expect(await auth.registerUser('frank@example.com', 'b4l0u')).toMatchObject({ id: 43 })
  })

  it('gives back what it does not take, with the reason, and goes on', async () => {
    const auth = await freshAuth(engine)
    const items = [
      { line: 1, problem: 'is no JSON' },
      { line: 2, fields: { email: 'bob@example.com', hashed_password: '!' } },
      { line: 3, fields: { email: 'nobody', hashed_password: '!' } },
    ]
    const { added, rejected } = await summed(auth, items)
    expect(added).toBe(1)
    expect(rejected.map(({ item, problem }) => [item.line, problem])).toEqual([
      [1, 'is no JSON'],
      [3, 'email: is no email address'],
    ])
  })

  it('changes nothing in a dry run, and says what it would do', async () => {
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
    // The number is taken by then, which a dry run cannot know: user4 got it.
    expect(real).toMatchObject({ added: 2_498, unchanged: 4 })
    expect(problemsOf(dry)).toEqual([problemsOf(real)[0], problemsOf(real)[2]])
  })

  it('written down as it goes: what stopped half-way goes on when it is done again', async () => {
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
      // Lines of one moment have no order: the end comes later than the beginning.
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

  it('and people who register at the same time never have one address twice', async () => {
    const auth = await freshAuth(engine)
    const [sum] = await Promise.all([
      imported(auth, people(3_000)),
      ...Array.from({ length: 60 }, (_, index) =>
        auth.registerUser(`USER${index * 50}@example.com`, 'b4l0u').catch(() => {}),
      ),
    ])
    expect(sum.added + sum.rejected.length).toBe(3_000)
    const addresses = (await exported(auth)).map(({ email }) => email.toLowerCase())
    expect([addresses.length, new Set(addresses).size]).toEqual([3_000, 3_000])
  })

  it('forgets what was guessed at an address before it had an account', async () => {
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

onBothEngines('an imported account whose address nobody confirmed', (engine) => {
  it('gets the mail for it with the first right password, and does not go away', async () => {
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

onBothEngines('exportUsers', (engine) => {
  it('has everybody who was there, once, while others register and go', async () => {
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
    'of %s, imported into %s, gives the same users, and once more nothing',
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
