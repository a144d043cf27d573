/** Text that is code in another language is only text, in every field of every operation. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import * as fields from '../../src/api/fields.ts'
import { OPERATIONS, type Operation } from '../../src/api/index.ts'
import { type Database, TABLE_NAMES } from '../../src/db/index.ts'
import { onEachEngine } from '../support/engines.ts'
import { IS_FULL } from '../support/full.ts'
import { PASSWORD } from '../support/production.ts'
import { providerIn } from '../support/provider-world.ts'
import { BOB, NEW_ADDRESS } from '../support/story.ts'
import { requestFor, type World, worldOf } from '../support/world.ts'
import { GENEROUS } from './support.ts'

/** Those of SQL, HTML, headers and objects. `npm run test:full` has more. */
const SOME = [
  `x"'); delete from users; drop table sessions; /* $1 ? :id $$ || version()`,
  '<script>alert(1)</script><img src=x onerror=alert(1)> {{7*7}} <%= 7*7 %> #{7*7} $' + '{7*7}',
  'x\r\nSet-Cookie: session_id=pwned\r\n\r\npwned',
  '__proto__',
]
const INJECTIONS = IS_FULL
  ? [
      ...SOME,
      "' or '1'='1' -- ",
      "%_%\\'; select pg_sleep(9) -- ' escape '\\",
      '$(touch pwned) `id` | cat /etc/passwd & > pwned; %s %n',
      "x\0' or 1=1 --",
    ]
  : SOME

/** One value for one field of an operation, or for a parameter in its path. */
interface Attack {
  readonly field: string
  readonly schema: unknown
  readonly value: string
}

/** Stands for the schema of a parameter in a path. */
const IN_PATH = Symbol('in the path')

const required = (schema: z.ZodType) => (schema instanceof z.ZodOptional ? schema.unwrap() : schema)

/** Fields that accept only the right value. */
const MUST_BE_RIGHT: readonly unknown[] = [
  IN_PATH,
  fields.password,
  fields.resetToken,
  fields.mailedToken,
  fields.mailedCode,
  required(fields.passwordWithCode),
  fields.codePurpose,
  required(fields.browserToken),
  fields.transport,
]

function attacksOn({ params = {}, body }: Operation): Attack[] {
  return [
    ...Object.keys(params).map((field) => [field, IN_PATH] as const),
    ...Object.entries(body?.shape ?? {}).map(([field, schema]) => [field, required(schema)] as const),
  ].flatMap(([field, schema]) =>
    INJECTIONS.flatMap((text) => formsOf(text, schema).map((value) => ({ field, schema, value }))),
  )
}

const NAME = required(fields.name)
const PICTURE = required(fields.picture)

/** A text as it is, and in a form that the field can accept. */
function formsOf(text: string, schema: unknown): string[] {
  if (schema === fields.newPassword) return [`${text} under seven green umbrellas`]
  if (schema === PICTURE) return [text, `https://example.com/?${text}`]
  if (schema !== fields.email) return [text]
  return [text, `${text.replaceAll(/[^\w!#$%&'*+/=?^`{|}~-]/g, '')}@wonderland.example`]
}

/** Whether an operation stores an address, which must be new. The others look it up. */
const stores = ({ errors = [] }: Operation) => errors.includes('invalid_email')

/** A parameter goes into the path. Fields are sent as JSON, or in turn as a form if the operation takes forms. */
function requestWith(
  operation: Operation,
  { path, json, form, browserToken }: Sent,
  attack: Attack,
  index: number,
) {
  const { field, schema, value } = attack
  if (schema === IN_PATH) return { path: operation.path.replace(`{${field}}`, encodeURIComponent(value)) }
  const given = {
    ...json,
    ...form,
    ...(stores(operation) && { email: NEW_ADDRESS }),
    [field]: value,
  } as Record<string, string>
  const isForm = operation.tag === 'page' || (operation.tag === 'classic' && index % 2 === 0)
  return { path, browserToken, ...(isForm ? { form: given } : { json: given }) }
}

type Sent = Awaited<ReturnType<typeof requestFor>>
type Rows = ReadonlyMap<(typeof TABLE_NAMES)[number], readonly object[]>

/** The rows of all tables but the audit, which cannot be changed. */
async function rowsOf(db: Database): Promise<Rows> {
  const tables = TABLE_NAMES.filter((name) => name !== 'audit')
  return new Map(
    await Promise.all(
      tables.map(async (table) => [table, await db.selectFrom(table).selectAll().execute()] as const),
    ),
  )
}

/** Work of the service that goes on after its answers may lock rows in another order. */
async function restore(db: Database, rows: Rows): Promise<void> {
  for (;;) {
    try {
      return await replaceAll(db, rows)
    } catch (error) {
      if ((error as { code?: string }).code !== DEADLOCK) throw error
    }
  }
}

/** The error of PostgreSQL for the transaction that it has chosen to end. */
const DEADLOCK = '40P01'

async function replaceAll(db: Database, rows: Rows): Promise<void> {
  await db.transaction().execute(async (tx) => {
    for (const table of [...rows.keys()].reverse()) await tx.deleteFrom(table).execute()
    for (const [table, lost] of rows)
      if (lost.length > 0)
        await tx
          .insertInto(table)
          .values(lost as never)
          .execute()
  })
}

/** Everything that is stored of an account. */
async function accountIn(db: Database, id: number): Promise<string> {
  return JSON.stringify([
    await db.selectFrom('users').selectAll().where('id', '=', id).execute(),
    await db.selectFrom('sessions').selectAll().where('user_id', '=', id).execute(),
    await db.selectFrom('tokens').selectAll().where('user_id', '=', id).execute(),
  ])
}

onEachEngine('an injection', (engine) => {
  it('is only text, in every field of every operation [API-04]', async () => {
    const world = await worldOf(engine, GENEROUS)
    const { auth, db } = world
    const bob = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await auth.createSession(BOB)
    await auth.account.requestPasswordReset({ email: BOB })
    await world.newMails()
    const tables = await db.introspection.getTables()
    await providerIn(world)
    const start = await rowsOf(db)
    const accountOfBob = await accountIn(db, bob.id)
    const accepted = new Set<unknown>()
    for (const operation of OPERATIONS) {
      const attacks = attacksOn(operation)
      if (attacks.length === 0) continue
      const sent = await requestFor(operation, world)
      await world.newMails()
      const prepared = await rowsOf(db)
      for (const [index, attack] of attacks.entries()) {
        const what = `${operation.id} ${attack.field} ${JSON.stringify(attack.value)}`
        const { path, ...request } = requestWith(operation, sent, attack, index)
        // A header value has no control characters and no spaces around it.
        const userAgent = (INJECTIONS[index % INJECTIONS.length] ?? '').replaceAll(/[\0\r\n]/g, '').trim()
        const recorded = world.audit.length
        const answer = await world.ask(operation.method, path, {
          ...request,
          ...(operation.access !== 'anyone' && { sessionToken: world.sessionToken }),
          headers: { 'user-agent': userAgent },
        })
        expect(answer.status, what).toBeLessThan(500)
        // What a provider posts is forwarded percent-encoded.
        const isExpected = (name: string) => operation.fromOtherSites && name === 'location'
        const headers = [...answer.headers].filter(([name]) => !isExpected(name))
        // So is the address for a page that takes a code.
        expect(headers.join().replace(/#email=[\w.%~-]*/, ''), what).not.toContain('pwned')
        for (const line of world.audit.slice(recorded)) expect(line.userAgent, what).toBe(userAgent)
        const isLast = attacks[index + 1]?.field !== attack.field
        if (answer.ok || isLast) expect(await accountIn(db, bob.id), what).toBe(accountOfBob)
        if (answer.ok && operation.success.page) {
          // A page that leads on to a provider. What else its form says is free text.
          await restore(db, prepared)
        } else if (answer.ok) {
          expect(MUST_BE_RIGHT, what).not.toContain(attack.schema)
          await expectExact(world, operation, attack, answer, what)
          accepted.add(attack.schema)
          await restore(db, prepared)
        } else {
          // Its counters must not refuse the next one.
          await db.deleteFrom('throttles').execute()
        }
      }
      await restore(db, start)
    }
    expect(await db.introspection.getTables()).toEqual(tables)
    expect(accepted).toEqual(
      new Set([
        fields.email,
        fields.newPassword,
        fields.deviceToken,
        NAME,
        PICTURE,
        fields.passkeyName,
        // One that names no sign-in counts as missing.
        required(fields.loginToken),
      ]),
    )
  }, 300_000)
})

/**
 * Expects that a value that was accepted is answered and stored byte for byte. A name loses the spaces around it, and a
 * picture is escaped as browsers do it, and three more characters. A wrong device token is the same as none.
 */
async function expectExact(
  { auth, db }: World,
  operation: Operation,
  { schema, value }: Attack,
  answer: Response,
  what: string,
): Promise<void> {
  const { email } = (await answer.json()) as { email: string }
  if (schema === fields.newPassword) {
    await db.updateTable('users').set({ email_verified_at: 1 }).where('email', '=', email).execute()
    expect(await auth.validLogin(email, value), what).toBe(true)
    expect(await auth.validLogin(email, value.slice(1)), what).toBe(false)
  } else if (schema === fields.email) {
    expect(email, what).toBe(value)
    const rows = stores(operation) ? [...(await rowsOf(db))] : [value]
    expect(JSON.stringify(rows), what).toContain(JSON.stringify(value))
  } else if (schema === NAME || schema === PICTURE) {
    const more = (character: string) => `%${character.charCodeAt(0).toString(16)}`
    const stored = schema === NAME ? value.trim() : URL.parse(value)?.href.replaceAll(/['()]/g, more)
    const users = await db.selectFrom('users').select(['name', 'picture']).execute()
    expect(
      users.flatMap(({ name, picture }) => [name, picture]),
      what,
    ).toContain(stored)
  }
}
