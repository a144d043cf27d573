/** The database holds no secrets: these tests create secrets of every kind and search the database for them. */
import { randomBytes } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { sql } from 'kysely'
import { expect, it, onTestFinished, vi } from 'vitest'
import { openDatabase } from '../../src/db/index.ts'
import type { Mail, Mailer } from '../../src/index.ts'
import { filePath, freshAuth, migratedDatabase, onBothEngines } from '../support/engines.ts'
import { send, sessionIn } from '../support/send.ts'

/** The whole content of a database as bytes: the files of SQLite, or the rows of PostgreSQL. */
async function dump(databaseUrl: string): Promise<Buffer> {
  if (databaseUrl.startsWith('sqlite:')) {
    const files = globSync(`${filePath(databaseUrl)}*`)
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

/** Returns a function that records the secret part of a token in several encodings, and returns the token. */
function recorderFor(secrets: string[]): (value?: string) => string {
  return (value = '') => {
    const secret = value.split('.')[1] ?? expect.unreachable()
    secrets.push(
      secret,
      Buffer.from(secret, 'base64url').toString('hex'),
      Buffer.from(secret, 'base64url').toString('latin1'),
    )
    return value
  }
}

onBothEngines('the database', (engine) => {
  it('holds no password and no session or reset token in any encoding [SES-03, REC-03]', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const auth = await freshAuth(engine, { databaseUrl })
    const secrets: string[] = []
    const record = recorderFor(secrets)
    for (let person = 0; person < 3; person++) {
      const [email, old, next] = [
        `person${person}@example.com`,
        `0ld-p4ssw0rd-${person}`,
        `n3w-p4ssw0rd-${person}`,
      ]
      secrets.push(old, next, `wr0ng-${person}`)
      await send(auth, 'POST', '/users', { form: { email, password: old } })
      await send(auth, 'POST', '/sessions', {
        form: { email, password: `wr0ng-${person}` },
        ip: '192.0.2.77',
      })
      const login = () => send(auth, 'POST', '/sessions', { form: { email, password: old } })
      const [first, second] = [record(sessionIn(await login())), record(sessionIn(await login()))]
      await send(auth, 'GET', '/profile', { sessionToken: second })
      await send(auth, 'DELETE', '/sessions', { sessionToken: first })
      const asked = await send(auth, 'POST', '/reset_password', { form: { email } })
      const { reset_token } = (await asked.json()) as { reset_token: string }
      if (person !== 1)
        await send(auth, 'PUT', '/reset_password', {
          form: { email, reset_token: record(reset_token), new_password: next },
        })
    }
    // Values that must be there show that the search covers the right place.
    const content = await dump(databaseUrl)
    expect(content.includes('person1@example.com')).toBe(true)
    expect(content.includes('$2b$04$')).toBe(true)
    for (const secret of secrets) {
      expect(content.includes(secret)).toBe(false)
      expect(content.includes(Buffer.from(secret, 'latin1'))).toBe(false)
    }
  })

  it('holds no mailed token, no device cookie and no signing key in any encoding [CRY-09]', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const mails: Mail[] = []
    const mailer: Mailer = { send: async (mail) => void mails.push(mail), close() {} }
    const key = randomBytes(32)
    const auth = await freshAuth(engine, {
      databaseUrl,
      mailer,
      secretKey: key.toString('base64'),
      baseUrl: 'https://auth.example.com',
      emailVerification: true,
      resetTokenDelivery: 'mail',
    })
    const secrets = [key.toString('base64'), key.toString('hex'), key.toString('latin1')]
    const record = recorderFor(secrets)
    const post = (path: string, fields: Record<string, string>, sessionToken?: string, method = 'POST') =>
      send(auth, method, path, { json: fields, sessionToken })
    /** The token in the latest mail to an address. */
    const mailedToken = async (to: string) => {
      await vi.waitUntil(async () => (await auth.delivery.count()) === 0, { timeout: 50_000, interval: 5 })
      const text = mails.splice(0).find((mail) => mail.to === to && mail.text.includes('#'))?.text ?? ''
      return record(decodeURIComponent(/[#&]token=([^\s&]+)/.exec(text)?.[1] ?? ''))
    }
    const [email, newEmail] = ['person@example.com', 'other@example.com']
    const [first, second, third] = ['f1rst-p4ssw0rd', 's3cond-p4ssw0rd', 'th1rd-p4ssw0rd']
    secrets.push(first, second, third)
    const done: Response[] = []

    done.push(await post('/users', { email, password: first }))
    done.push(await post('/confirm_email', { token: await mailedToken(email), password: first }))
    const login = await post('/sessions', { email, password: first })
    const device = /device=([^.;]+)\.([^.;]+)\.?([^;]*)/.exec(login.headers.getSetCookie().join('\n'))
    secrets.push(...(device?.slice(1).filter((part) => part.length > 20) ?? []))
    expect(secrets.length).toBeGreaterThan(9)
    done.push(login)
    const renewed = await post('/reauthenticate', { password: first }, record(sessionIn(login)))
    done.push(renewed)
    const change = { current_password: first, new_password: second }
    const changed = await post('/profile/password', change, record(sessionIn(renewed)), 'PUT')
    done.push(changed)
    done.push(await post('/profile/email', { email: newEmail }, record(sessionIn(changed)), 'PUT'))
    done.push(await post('/confirm_email', { token: await mailedToken(newEmail), password: second }))
    done.push(await post('/reset_password', { email: newEmail }))
    const reset = { email: newEmail, reset_token: await mailedToken(newEmail), new_password: third }
    done.push(await post('/reset_password', reset, undefined, 'PUT'))
    // One token remains unused.
    done.push(await post('/reset_password', { email: newEmail }))
    await mailedToken(newEmail)
    expect(done.map(({ status }) => status)).toEqual(done.map(() => 200))

    const content = await dump(databaseUrl)
    expect(content.includes(newEmail)).toBe(true)
    for (const secret of secrets) {
      expect(content.includes(secret)).toBe(false)
      expect(content.includes(Buffer.from(secret, 'latin1'))).toBe(false)
    }
  })

  it('holds no value that works as a session token or a reset token, and no hash that works as a password [SES-03, REC-03]', async () => {
    const databaseUrl = await migratedDatabase(engine)
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
