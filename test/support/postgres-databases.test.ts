import pg from 'pg'
import { expect, inject, it } from 'vitest'
import { freshAuth } from './engines.ts'
import { copyPostgres } from './postgres-databases.ts'
import { everyRow, openTables } from './production.ts'

/** Uses a copy of the template. @returns Its URL, and what the next user of it gets. */
async function use(act: (url: string) => Promise<unknown>): Promise<{ url: string; next: string }> {
  const ends: (() => Promise<void> | void)[] = []
  const url = await copyPostgres(inject('templates').postgres, (end) => void ends.push(end))
  await act(url)
  for (const end of ends) await end()
  return { url, next: await copyPostgres(inject('templates').postgres) }
}

/** Runs statements over a connection that is then closed. */
async function change(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}

/** Creates an account and a session. @returns The id of the account. */
async function createAccount(databaseUrl: string): Promise<number> {
  const auth = await freshAuth('postgres', { databaseUrl })
  const { id } = await auth.users.create({
    email: 'alice@example.com',
    password: 'a tortoise under the lamp',
  })
  await auth.createSession('alice@example.com')
  await auth.close()
  return id
}

it('gives a used database to the next test, without rows and with the same first id', async () => {
  const pristine = await everyRow(await openTables(await copyPostgres(inject('templates').postgres)))
  let id = 0
  const { url, next } = await use(async (databaseUrl) => {
    id = await createAccount(databaseUrl)
  })
  expect(next).toBe(url)
  expect(await everyRow(await openTables(next))).toEqual(pristine)
  expect(await createAccount(next)).toBe(id)
  await expect(change(next, 'delete from audit')).rejects.toThrow(/audit/)
})

it.each([
  ['a table', 'create table theirs (id int)'],
  ['a column', 'alter table users alter column email drop not null'],
  ['a trigger', 'alter table audit disable trigger all'],
  ['a function', 'create function f() returns int return 1'],
  ['an index', 'drop index if exists none; create index on users (email)'],
  ['a schema', 'create schema theirs'],
  ['privileges', 'grant select on users to pg_monitor'],
  ['privileges of a schema', 'revoke all on schema public from public'],
  ['statistics', 'analyze users'],
  [
    'the record of migrations',
    "insert into bienvenue_migrations (name, timestamp) values ('9999-later', '')",
  ],
  [
    'a setting',
    "do $$ begin execute format('alter database %I set work_mem = 64', current_database()); end $$",
  ],
  ['much', `insert into throttles select repeat('k', 900) || i, 1, 1, 1 from generate_series(1, 3000) i`],
])('does not give a database to the next test after a test changed %s', async (_, statement) => {
  const { url, next } = await use((databaseUrl) => change(databaseUrl, statement))
  expect(next).not.toBe(url)
  await expect(change(url, 'select 1')).rejects.toMatchObject({ code: '3D000' })
})

it('does not give a database to the next test while the last one is connected', async () => {
  let client: pg.Client | undefined
  const { url, next } = await use(async (connectionString) => {
    client = new pg.Client({ connectionString }).on('error', () => {})
    await client.connect()
  })
  expect(next).not.toBe(url)
  await expect(client?.query('select 1')).rejects.toThrow()
})

it('gives a database to one test at a time', async () => {
  const template = inject('templates').postgres
  const urls = await Promise.all([1, 2, 3].map(() => copyPostgres(template)))
  expect(new Set(urls).size).toBe(3)
})
