/** What is stored opens nothing: a run hands out secrets of every kind, and none of them is in the database. */
import { globSync, readFileSync } from 'node:fs'
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../src/db/index.ts'
import { send, sessionIn } from './support/client.ts'
import { freshAuth, freshDatabase, onBothEngines } from './support/engines.ts'

/** Everything the database holds, as bytes: the files of SQLite, the rows of PostgreSQL. */
async function dump(databaseUrl: string): Promise<Buffer> {
  if (databaseUrl.startsWith('sqlite:')) {
    const files = globSync(`${databaseUrl.slice('sqlite:'.length)}*`)
    expect(files.length).toBeGreaterThan(1)
    return Buffer.concat(files.map((file) => readFileSync(file)))
  }
  const db = await openDatabase(databaseUrl)
  onTestFinished(() => db.destroy())
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  const rows = await Promise.all(
    tables.map(({ name }) => sql`select t::text as "row" from ${sql.table(name)} t`.execute(db)),
  )
  return Buffer.from(JSON.stringify(rows.map((result) => result.rows)))
}

onBothEngines('the database', (engine) => {
  it('holds no secret that was handed out or typed in, in any encoding [SES-03, REC-03]', async () => {
    const databaseUrl = await freshDatabase(engine)
    const auth = await freshAuth(engine, { databaseUrl })
    const secrets: string[] = []
    const bearer = (value = '') => {
      const secret = value.split('.')[1] ?? expect.unreachable()
      secrets.push(
        secret,
        Buffer.from(secret, 'base64url').toString('hex'),
        Buffer.from(secret, 'base64url').toString('latin1'),
      )
      return value
    }
    for (let person = 0; person < 3; person++) {
      const [email, old, next] = [
        `person${person}@example.com`,
        `0ld-p4ssw0rd-${person}`,
        `n3w-p4ssw0rd-${person}`,
      ]
      secrets.push(old, next, `wr0ng-${person}`)
      await send(auth, 'POST', '/users', { fields: { email, password: old } })
      await send(auth, 'POST', '/sessions', {
        fields: { email, password: `wr0ng-${person}` },
        ip: '192.0.2.77',
      })
      const login = () => send(auth, 'POST', '/sessions', { fields: { email, password: old } })
      const [first, second] = [bearer(sessionIn(await login())), bearer(sessionIn(await login()))]
      await send(auth, 'GET', '/profile', { sessionId: second })
      await send(auth, 'DELETE', '/sessions', { sessionId: first })
      const asked = await send(auth, 'POST', '/reset_password', { fields: { email } })
      const { reset_token } = (await asked.json()) as { reset_token: string }
      if (person !== 1)
        await send(auth, 'PUT', '/reset_password', {
          fields: { email, reset_token: bearer(reset_token), new_password: next },
        })
    }
    // What has to be there shows that the right place was searched.
    const content = await dump(databaseUrl)
    expect(content.includes('person1@example.com')).toBe(true)
    expect(content.includes('$2b$04$')).toBe(true)
    for (const secret of secrets) {
      expect(content.includes(secret)).toBe(false)
      expect(content.includes(Buffer.from(secret, 'latin1'))).toBe(false)
    }
  })

  it('holds nothing that opens a session or sets a password [SES-03, REC-03]', async () => {
    const databaseUrl = await freshDatabase(engine)
    const auth = await freshAuth(engine, { databaseUrl })
    const { id } = await auth.registerUser('bob@example.com', 'b4l0u')
    await auth.createSession('bob@example.com')
    await auth.getResetPasswordToken('bob@example.com')
    const db = await openDatabase(databaseUrl)
    onTestFinished(() => db.destroy())
    const rows = [
      ...(await db.selectFrom('sessions').select(['id', 'secret_hash']).execute()),
      ...(await db.selectFrom('tokens').select(['id', 'secret_hash']).execute()),
    ]
    expect(rows).toHaveLength(2)
    for (const row of rows) {
      const hash = Buffer.from(row.secret_hash)
      for (const secret of ['', hash.toString('base64url'), hash.toString('hex')]) {
        const value = `${row.id}${secret && '.'}${secret}`
        expect(await auth.getUserFromSessionId(value)).toBeNull()
        await expect(auth.updatePassword(value, 'pwned')).rejects.toMatchObject({
          code: 'invalid_reset_token',
        })
      }
    }
    const user = await auth.db.findUserBy({ id })
    expect(await auth.validLogin(user.email, user.hashedPassword)).toBe(false)
  })
})
