/** The option `database`: a pool or a `DatabaseSync` of an application, which uses it at the same time. */
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { findUserBy, isReady, openDatabase } from '../../src/db/index.ts'
import { addUser } from '../../src/db/tables/users.ts'
import { createAuth, type GivenDatabase } from '../../src/index.ts'
import { type Application, applicationDatabase } from '../support/application.ts'
import {
  type EngineName,
  filePath,
  freshAuth,
  freshDatabase,
  migratedDatabase,
  onBothEngines,
} from '../support/engines.ts'
import { openTables, until } from '../support/production.ts'
import { tellStory } from '../support/story.ts'

const EMAIL = 'bob@example.com'
const PASSWORD = 'b4l0u'
const CREATED = { createdAt: new Date('2026-11-21T12:00:00Z') }
const PREFIX = { tablePrefix: 'auth_', databaseSchema: '' }
const NAMING = { sqlite: { tablePrefix: 'auth_' }, postgres: { databaseSchema: 'auth' } } as const

/** The application's handle on its database, with settings that differ from ours. */
function handleOf(engine: EngineName, databaseUrl: string): pg.Pool | DatabaseSync {
  return engine === 'sqlite' ? sqliteHandle(databaseUrl) : poolOf(databaseUrl)
}

function sqliteHandle(databaseUrl: string): DatabaseSync {
  const database = new DatabaseSync(filePath(databaseUrl), {
    enableForeignKeyConstraints: false,
    readBigInts: true,
    returnArrays: true,
  })
  onTestFinished(() => {
    if (database.isOpen) database.close()
  })
  return database
}

/** Closes a database as an application does. */
async function closed(database: pg.Pool | DatabaseSync): Promise<void> {
  if (database instanceof DatabaseSync) database.close()
  else await database.end()
}

/** One connection: a transaction that also needed a second one would wait forever. */
function poolOf(databaseUrl: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 1,
    application_name: 'the application',
    types: { getTypeParser: () => (text: unknown) => `${text}` },
  })
  pool.on('error', () => {})
  onTestFinished(async () => {
    if (!pool.ended) await pool.end()
  })
  return pool
}

/** The application may parse types in its own way, everywhere in the process. */
function parseTypesAsText(): void {
  const { BOOL, BYTEA, INT4, INT8 } = pg.types.builtins
  for (const oid of [BOOL, BYTEA, INT4, INT8]) {
    const usual = pg.types.getTypeParser(oid)
    pg.types.setTypeParser(oid, (text: string) => `the application's ${text}`)
    onTestFinished(() => pg.types.setTypeParser(oid, usual))
  }
}

const PRAGMAS = [
  ...[
    'busy_timeout',
    'cache_size',
    'defer_foreign_keys',
    'foreign_keys',
    'journal_mode',
    'legacy_alter_table',
  ],
  ...['locking_mode', 'query_only', 'recursive_triggers', 'secure_delete', 'synchronous', 'temp_store'],
]

function pragmasOf(database: DatabaseSync): unknown[] {
  return PRAGMAS.map((name) => database.prepare(`pragma ${name}`).all())
}

/** Looks at the handle in every turn of the event loop, as the code of an application could. */
function watch(database: DatabaseSync): { readonly seen: Set<string> } {
  const seen = new Set<string>()
  const timer = setInterval(() => {
    const [[foreignKeys]] = database.prepare('pragma foreign_keys').all() as unknown as [[bigint]]
    seen.add(`in a transaction: ${database.isTransaction}, foreign keys: ${foreignKeys}`)
  }, 0)
  onTestFinished(() => clearInterval(timer))
  return { seen }
}

onBothEngines('a database of the application', (engine) => {
  it('does all the work of the service, and keeps its settings, tables and rows', async () => {
    parseTypesAsText()
    const { databaseUrl, contents, query } = await applicationDatabase(engine)
    const database = handleOf(engine, databaseUrl)
    const before = await contents()
    const [pragmas, watched] =
      database instanceof DatabaseSync ? [pragmasOf(database), watch(database)] : [undefined, undefined]
    const told = await tellStory(engine, { database, ...NAMING[engine] })
    expect(told.audit.length).toBeGreaterThan(50)
    expect(await contents()).toEqual(before)
    if (database instanceof DatabaseSync) {
      expect(pragmasOf(database)).toEqual(pragmas)
      expect(watched?.seen).toEqual(new Set(['in a transaction: false, foreign keys: 0']))
    } else {
      const ours = await query(
        "select from pg_stat_activity where application_name = 'bienvenue' and datname = current_database()",
      )
      expect(ours).toEqual([])
      // The application still parses its own types in its own way.
      expect((await database.query('select 1 as n')).rows).toEqual([{ n: '1' }])
    }
  })

  it('stays open when the service closes, or cannot open', async () => {
    const { databaseUrl } = await applicationDatabase(engine)
    const database = handleOf(engine, databaseUrl)
    await expect(createAuth({ database })).rejects.toThrow(
      expect.objectContaining({
        option: 'database',
        message: expect.stringMatching(/a users table that Bienvenue did not make; nothing was changed/),
      }),
    )
    const auth = await freshAuth(engine, { database, ...NAMING[engine] })
    await auth.registerUser(EMAIL, PASSWORD)
    expect(await auth.isReady()).toBe(true)
    expect(auth.options.databaseUrl).toBe('')
    await auth.close()
    const again = await freshAuth(engine, { database, ...NAMING[engine] })
    expect(await again.validLogin(EMAIL, PASSWORD)).toBe(true)
  })

  it('serves several services at the same time', async () => {
    const database = handleOf(engine, await freshDatabase(engine))
    const services = [
      await freshAuth(engine, { database }),
      await freshAuth(engine, { database }),
      await freshAuth(engine, { database, ...NAMING[engine] }),
    ]
    const emails = Array.from({ length: 6 }, (_, index) => `user${index}@example.com`)
    await Promise.all(
      emails.flatMap((email, index) => services[index % 3]?.registerUser(email, PASSWORD) ?? []),
    )
    const counts = services.map(async (auth) => (await Array.fromAsync(auth.users.list({}))).length)
    expect(await Promise.all(counts)).toEqual([4, 4, 2])
  })

  it.each(['classic', 'production'] as const)(
    'is refused if it is closed, and nothing is created, in %s mode',
    async (mode) => {
      const application = await applicationDatabase(engine)
      const database = handleOf(engine, application.databaseUrl)
      const before = await application.objects()
      await closed(database)
      await expect(createAuth({ database, mode, ...NAMING[engine] })).rejects.toThrow(
        expect.objectContaining({
          name: 'OptionError',
          problems: expect.arrayContaining([
            { option: 'database', problem: expect.stringMatching(/^is closed: pass an open one/) },
          ]),
        }),
      )
      expect(await application.objects()).toEqual(before)
    },
  )

  it('that the application closes too early makes every call unavailable, and the log says why', async () => {
    const databaseUrl = await freshDatabase(engine)
    const database = handleOf(engine, databaseUrl)
    const reasons: unknown[] = []
    const error = ({ reason }: Record<string, unknown>) => void reasons.push(reason)
    const auth = await freshAuth(engine, { database, logger: { debug() {}, info() {}, warn() {}, error } })
    await auth.registerUser(EMAIL, PASSWORD)
    const cookie = `session_id=${await auth.createSession(EMAIL)}`
    expect(await auth.getSession({ cookie })).not.toBeNull()
    await closed(database)
    const calls = [
      () => auth.getSession({ cookie }),
      () => auth.users.find(EMAIL),
      () => auth.users.create({ email: 'carol@example.com', password: PASSWORD }),
      () => auth.signIn.withPassword({ email: EMAIL, password: PASSWORD }),
      () => Array.fromAsync(auth.users.list()),
      () => auth.isReady(),
    ]
    for (const call of calls)
      await expect(call()).rejects.toThrow(
        expect.objectContaining({
          code: 'unavailable',
          cause: expect.objectContaining({
            code: 'database_closed',
            message: expect.stringMatching(/call createAuth again with an open one/),
          }),
        }),
      )
    const answer = await auth.fetch(new Request('http://localhost/profile', { headers: { cookie } }))
    expect([answer.status, await answer.json()]).toMatchObject([503, { code: 'unavailable' }])
    expect(reasons).toMatchObject([{ code: 'database_closed' }])
    await auth.close()
    const again = await freshAuth(engine, { database: handleOf(engine, databaseUrl) })
    expect((await again.getSession({ cookie }))?.user.email).toBe(EMAIL)
    expect(await again.users.find('carol@example.com')).toBeNull()
  })

  it('is refused together with databaseUrl, and if it is something else', async () => {
    const databaseUrl = await freshDatabase(engine)
    const refused = (given: unknown, url?: string) =>
      expect(createAuth({ database: given as GivenDatabase, databaseUrl: url })).rejects.toThrow(
        expect.objectContaining({ option: 'database' }),
      )
    await refused(handleOf(engine, databaseUrl), databaseUrl)
    for (const other of [databaseUrl, {}, null, new pg.Client(), []]) await refused(other)
  })
})

describe('a DatabaseSync of the application', () => {
  async function opened(): Promise<Application & { database: DatabaseSync; titles: () => unknown }> {
    const application = await applicationDatabase('sqlite')
    const database = sqliteHandle(application.databaseUrl)
    const titles = () => database.prepare('select title from posts order by id').all().flat()
    return { ...application, database, titles }
  }

  it('gives up after 5 seconds if the application leaves a transaction open, and loses nothing', async () => {
    const { database, titles } = await opened()
    const auth = await freshAuth('sqlite', { database, ...NAMING.sqlite })
    await auth.registerUser(EMAIL, PASSWORD)
    const sessionToken = (await auth.createSession(EMAIL)) ?? ''
    database.exec("begin; insert into posts (author, title) values ('u1', 'Draft')")
    const clock = hastened()
    await expect(auth.users.create({ email: 'carol@example.com', password: PASSWORD })).rejects.toThrow(
      expect.objectContaining({
        code: 'unavailable',
        cause: expect.objectContaining({
          code: 'transaction_open',
          message: expect.stringMatching(/the application has a transaction open/),
        }),
      }),
    )
    await expect(createAuth({ database, tablePrefix: 'auth_' })).rejects.toThrow(
      expect.objectContaining({
        option: 'database',
        message: expect.stringMatching(/the application has a transaction open/),
      }),
    )
    clock.mockRestore()
    // A session check needs no transaction.
    expect(await auth.getSession({ cookie: `session_id=${sessionToken}` })).toMatchObject({
      user: { email: EMAIL },
    })
    expect(database.isTransaction).toBe(true)
    database.exec('commit')
    expect(titles()).toEqual(['Hello', 'World', 'Draft'])
    await auth.users.create({ email: 'carol@example.com', password: PASSWORD })
  })

  it.each(['commit', 'rollback'])('waits for the %s of the application', async (end) => {
    const { database, titles } = await opened()
    const db = await openTables(database, PREFIX)
    database.exec("begin; insert into posts (author, title) values ('u1', 'Draft')")
    let isAdded = false
    const adding = Promise.all([
      addUser(db, EMAIL, 'hash', CREATED),
      db.transaction().execute((tx) => addUser(tx, 'carol@example.com', 'hash', CREATED)),
    ]).then(() => {
      isAdded = true
    })
    for (let turn = 0; turn < 10; turn++) await setImmediate()
    expect(isAdded).toBe(false)
    database.exec(end)
    await adding
    expect(titles()).toEqual(end === 'commit' ? ['Hello', 'World', 'Draft'] : ['Hello', 'World'])
    for (const id of [1, 2]) expect((await findUserBy(db, { id })).hashedPassword).toBe('hash')
  })

  it('is left without a transaction by work that fails, whether we or SQLite rolled it back', async () => {
    const { database } = await opened()
    const db = await openTables(database, PREFIX)
    const before = pragmasOf(database)
    const add = (fail: () => unknown) =>
      db.transaction().execute(async (tx) => {
        await addUser(tx, EMAIL, 'hash', CREATED)
        return fail()
      })
    const cause = new Error('refused')
    const byUs = () => {
      throw cause
    }
    await expect(add(byUs)).rejects.toBe(cause)
    const bySqlite = () => {
      database.exec('rollback')
      throw cause
    }
    await expect(add(bySqlite)).rejects.toBe(cause)
    expect([database.isTransaction, pragmasOf(database)]).toEqual([false, before])
    expect(await db.selectFrom('users').selectAll().execute()).toEqual([])
  })

  it('is left without a transaction if another process prevents the commit', async () => {
    const { database, databaseUrl } = await opened()
    const db = await openTables(database, PREFIX)
    const reader = new DatabaseSync(filePath(databaseUrl))
    onTestFinished(() => reader.close())
    // Without WAL, a reader prevents it.
    reader.exec('begin; select * from posts')
    reader.prepare('select * from posts').all()
    const clock = hastened()
    const adding = db.transaction().execute((tx) => addUser(tx, EMAIL, 'hash', CREATED))
    await expect(adding).rejects.toThrow(/locked/)
    clock.mockRestore()
    expect(database.isTransaction).toBe(false)
    reader.exec('rollback')
    expect(await db.selectFrom('users').selectAll().execute()).toEqual([])
    await db.transaction().execute((tx) => addUser(tx, EMAIL, 'hash', CREATED))
  })

  it('undoes our transaction if the application closes the database during it', async () => {
    const { database, databaseUrl } = await opened()
    const db = await openTables(database, PREFIX)
    const adding = db.transaction().execute(async (tx) => {
      await addUser(tx, EMAIL, 'hash', CREATED)
      database.close()
      await addUser(tx, 'carol@example.com', 'hash', CREATED)
    })
    await expect(adding).rejects.toMatchObject({ code: 'database_closed' })
    const again = await openTables(sqliteHandle(databaseUrl), PREFIX)
    expect(await again.selectFrom('users').selectAll().execute()).toEqual([])
  })

  it('that is opened again needs another createAuth', async () => {
    const { database } = await opened()
    const auth = await freshAuth('sqlite', { database, ...NAMING.sqlite })
    await auth.registerUser(EMAIL, PASSWORD)
    database.close()
    database.open()
    await expect(auth.users.find(EMAIL)).rejects.toMatchObject({
      code: 'unavailable',
      cause: { code: 'database_closed' },
    })
    const again = await freshAuth('sqlite', { database, ...NAMING.sqlite })
    expect((await again.users.find(EMAIL))?.user.email).toBe(EMAIL)
  })

  it('checks foreign keys in our tables, and not in those of an application that does not', async () => {
    const { database } = await opened()
    const db = await openTables(database, PREFIX)
    const orphan = sql`insert into ${sql.table('tokens')} (id, purpose, user_id, email, secret_hash, created_at, expires_at)
      values ('00000000-0000-7000-8000-000000000000', 'x', 4711, 'x', x'00', 0, 0)`
    await expect(orphan.execute(db)).rejects.toThrow(/FOREIGN KEY/)
    await expect(db.transaction().execute((tx) => orphan.execute(tx))).rejects.toThrow(/FOREIGN KEY/)
    database.exec("insert into posts (author, title) values ('nobody', 'Orphan')")
  })

  it('in memory works in classic mode, and is refused in production', async () => {
    const database = new DatabaseSync(':memory:')
    onTestFinished(() => database.close())
    const auth = await freshAuth('sqlite', { database })
    await auth.registerUser(EMAIL, PASSWORD)
    expect(await auth.validLogin(EMAIL, PASSWORD)).toBe(true)
    await expect(createAuth({ database, mode: 'production' })).rejects.toThrow(
      expect.objectContaining({
        problems: expect.arrayContaining([
          { option: 'database', problem: expect.stringMatching(/is lost when the process ends/) },
        ]),
      }),
    )
  })
})

describe('a pool of the application', () => {
  it('is the only way to the database', async () => {
    const { databaseUrl } = await applicationDatabase('postgres')
    const pool = poolOf(databaseUrl)
    const auth = await freshAuth('postgres', { database: pool, ...NAMING.postgres })
    await auth.registerUser(EMAIL, PASSWORD)
    const sessionToken = (await auth.createSession(EMAIL)) ?? ''
    const connect = vi.spyOn(pg.Client.prototype, 'connect')
    onTestFinished(() => connect.mockRestore())
    for (let time = 0; time < 3; time++)
      expect((await auth.getUserFromSessionId(sessionToken))?.email).toBe(EMAIL)
    expect(connect).not.toHaveBeenCalled()
  })

  it('checks sessions on connections that have lost our prepared statements, or have others of the same names', async () => {
    const databaseUrl = await migratedDatabase('postgres')
    const checkOn = async (pool: pg.Pool) => {
      const auth = await freshAuth('postgres', { database: pool })
      return async () => {
        const sessionToken = (await auth.createSession(EMAIL)) ?? expect.unreachable()
        expect((await auth.getUserFromSessionId(sessionToken))?.email).toBe(EMAIL)
      }
    }
    const [losing, clashing] = [poolOf(databaseUrl), poolOf(databaseUrl)]
    const check = await checkOn(losing)
    await (await freshAuth('postgres', { databaseUrl })).registerUser(EMAIL, PASSWORD)
    await check()
    const { rows } = await losing.query<{ name: string }>('select name from pg_prepared_statements')
    expect(rows).not.toEqual([])
    await losing.query('deallocate all')
    for (let time = 0; time < 2; time++) await check()

    const again = await checkOn(clashing)
    for (const { name } of rows) await clashing.query(`prepare ${name} as select 1`)
    for (let time = 0; time < 2; time++) await again()
  })

  it('that ends completes our transaction, and begins no other', async () => {
    const { databaseUrl, query } = await applicationDatabase('postgres')
    const pool = poolOf(databaseUrl)
    const db = await openTables(pool, PREFIX)
    let ended: Promise<void> | undefined
    await db.transaction().execute(async (tx) => {
      await addUser(tx, EMAIL, 'hash', CREATED)
      ended = pool.end()
      await addUser(tx, 'carol@example.com', 'hash', CREATED)
    })
    await ended
    expect(await query('select email from auth_users order by id')).toEqual([
      { email: EMAIL },
      { email: 'carol@example.com' },
    ])
    const refused = { code: 'database_closed', message: expect.stringMatching(/createAuth/) }
    await expect(
      db.transaction().execute((tx) => addUser(tx, 'd@example.com', 'hash', CREATED)),
    ).rejects.toThrow(expect.objectContaining(refused))
    await expect(findUserBy(db, { id: 1 })).rejects.toThrow(expect.objectContaining(refused))
  })

  /** Two calls wait for the only connection of the pool, which the application holds. The test controls the time. */
  async function withoutConnection() {
    const { databaseUrl } = await applicationDatabase('postgres')
    const pool = poolOf(databaseUrl)
    const auth = await freshAuth('postgres', { database: pool, ...NAMING.postgres })
    await auth.registerUser(EMAIL, PASSWORD)
    const cookie = `session_id=${await auth.createSession(EMAIL)}`
    const held = await pool.connect()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const results = Promise.allSettled([auth.users.find(EMAIL), auth.getSession({ cookie })])
    await until(() => pool.waitingCount === 2)
    /** The calls fail after 5 seconds. Then the application releases its connection. */
    const fail = async (cause: string) => {
      vi.advanceTimersByTime(5_000)
      for (const result of await results)
        expect(result).toMatchObject({
          status: 'rejected',
          reason: { code: 'unavailable', cause: { code: cause } },
        })
      vi.useRealTimers()
      held.release()
    }
    return { pool, auth, cookie, fail }
  }

  it('without a free connection makes a call fail after 5 seconds, and keeps none that comes later', async () => {
    const { pool, auth, cookie, fail } = await withoutConnection()
    await fail('no_free_connection')
    expect((await auth.getSession({ cookie }))?.user.email).toBe(EMAIL)
    await until(() => pool.idleCount === 1 && pool.waitingCount === 0)
  })

  it('that ends answers a call that waits for a connection', async () => {
    const { pool, fail } = await withoutConnection()
    const ended = pool.end()
    await fail('database_closed')
    await ended
  })

  it('survives a connection that the server drops in our transaction', async () => {
    const { databaseUrl, query } = await applicationDatabase('postgres')
    const errors: Error[] = []
    const db = await openDatabase(poolOf(databaseUrl), {
      naming: PREFIX,
      onError: (error) => errors.push(error),
    })
    onTestFinished(() => db.destroy())
    const lost = db.transaction().execute(async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
      await query(`select pg_terminate_backend(${rows[0]?.pid})`)
      await until(() => errors.length > 0)
      await sql`select 1`.execute(tx)
    })
    await expect(lost).rejects.toThrow()
    expect(await isReady(db)).toBe(true)
  })
})

/** Lets time pass quickly for whatever waits for a lock. */
function hastened() {
  let time = 0
  return vi.spyOn(performance, 'now').mockImplementation(() => {
    time += 1_000
    return time
  })
}
