// better-auth, see ../sides/better-auth.ts. Arguments: `seed` or `serve`, and the settings as JSON.
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import pg from 'pg'

const [, , what, text] = process.argv
const { databaseUrl, sessions, cookies, cookieCache } = JSON.parse(text)
const isSqlite = databaseUrl.startsWith('sqlite:')
const database = isSqlite
  ? new DatabaseSync(databaseUrl.slice('sqlite:'.length))
  : new pg.Pool({ connectionString: databaseUrl, max: 10 })
// Faster than the default, and recommended.
if (isSqlite) database.exec('pragma journal_mode = wal')

const auth = betterAuth({
  database,
  secret: 'kZ4f1Yw0pTq8sVb2nXc6mLr9dHj3gAe7',
  baseURL: 'http://127.0.0.1:5000',
  telemetry: { enabled: false },
  rateLimit: { enabled: false },
  session: { cookieCache: { enabled: cookieCache, maxAge: 60 * 60 } },
  emailAndPassword: {
    enabled: true,
    // Only to fill the tables faster: a session check hashes no password.
    password: { hash: async (password) => password, verify: async ({ hash, password }) => hash === password },
  },
})

async function seed() {
  const { runMigrations } = await getMigrations(auth.options)
  await runMigrations()
  const bearers = []
  for (let index = 0; index < cookies; index++) {
    const email = `user-${index}@example.com`
    const { headers } = await auth.api.signUpEmail({
      body: { email, password: 'a tortoise under the lamp', name: `User ${index}` },
      returnHeaders: true,
    })
    const cookie = headers.getSetCookie().map((set) => set.slice(0, set.indexOf(';')))
    bearers.push({ cookie: cookie.join('; '), email })
  }
  await fill(sessions - cookies)
  return { bearers }
}

/** Adds sessions of the same users until the table has its size. */
async function fill(count) {
  const columns = (random) => `insert into session
    ("id", "expiresAt", "token", "createdAt", "updatedAt", "ipAddress", "userAgent", "userId")
    select ${random}, "expiresAt", ${random}, "createdAt", "updatedAt", "ipAddress", "userAgent", "userId"`
  if (isSqlite) {
    database
      .prepare(
        `with recursive copies(n) as (select 0 union all select n + 1 from copies where n < ?)
         ${columns('lower(hex(randomblob(16)))')} from session cross join copies limit ?`,
      )
      .run(Math.ceil(count / cookies), count)
  } else {
    await database.query(
      `${columns("replace(gen_random_uuid()::text, '-', '')")}
       from session cross join generate_series(0, ${Math.ceil(count / cookies)}) limit ${count}`,
    )
    await database.query('vacuum analyze')
    await database.end()
  }
}

async function serve() {
  const server = createServer(toNodeHandler(auth))
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
  return { port: server.address().port }
}

process.stdout.write(`${JSON.stringify(await (what === 'seed' ? seed() : serve()))}\n`)
