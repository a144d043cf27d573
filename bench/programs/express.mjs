// express-session and passport, see ../sides/express.ts. Arguments: `seed` or `serve`, and the settings as JSON.
import { DatabaseSync } from 'node:sqlite'
import connectPgSimple from 'connect-pg-simple'
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import LocalStrategy from 'passport-local'
import pg from 'pg'

const [, , what, text] = process.argv
const { databaseUrl, sessions, cookies } = JSON.parse(text)
const LIFETIME_MS = 30 * 24 * 60 * 60 * 1_000
const PASSWORD = 'a tortoise under the lamp'
const { store, users } = databaseUrl.startsWith('sqlite:') ? onSqlite() : onPostgres()

function onSqlite() {
  const db = new DatabaseSync(databaseUrl.slice('sqlite:'.length))
  db.exec(`pragma journal_mode = wal;
    create table if not exists users (id integer primary key, email text not null unique);
    create table if not exists session (sid text primary key, sess text not null, expire integer not null)
      without rowid`)
  const read = db.prepare('select sess, expire from session where sid = ?')
  const write = db.prepare('insert or replace into session values (?, ?, ?)')
  const remove = db.prepare('delete from session where sid = ?')
  class SqliteStore extends session.Store {
    get(sid, done) {
      const row = read.get(sid)
      done(null, row !== undefined && row.expire > Date.now() ? JSON.parse(row.sess) : null)
    }
    set(sid, sess, done) {
      write.run(sid, JSON.stringify(sess), Date.now() + LIFETIME_MS)
      done(null)
    }
    destroy(sid, done) {
      remove.run(sid)
      done(null)
    }
  }
  const byId = db.prepare('select id, email from users where id = ?')
  const byEmail = db.prepare('select id, email from users where email = ?')
  return {
    store: new SqliteStore(),
    users: {
      byId: async (id) => byId.get(id),
      byEmail: async (email) => byEmail.get(email),
      async seed() {
        const insert = db.prepare('insert into users (email) values (?)')
        for (let index = 0; index < cookies; index++) insert.run(`user-${index}@example.com`)
      },
      async fill(count) {
        db.prepare(
          `with recursive copies(n) as (select 0 union all select n + 1 from copies where n < ?)
           insert into session select lower(hex(randomblob(16))), sess, expire
           from session cross join copies limit ?`,
        ).run(Math.ceil(count / cookies), count)
      },
    },
  }
}

function onPostgres() {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })
  const first = async (name, text, value) => (await pool.query({ name, text, values: [value] })).rows[0]
  const Store = connectPgSimple(session)
  return {
    store: new Store({ pool, disableTouch: true, pruneSessionInterval: false }),
    users: {
      byId: (id) => first('by_id', 'select id, email from users where id = $1', id),
      byEmail: (email) => first('by_email', 'select id, email from users where email = $1', email),
      async seed() {
        await pool.query(`
          create table users (id serial primary key, email text not null unique);
          create table session (sid varchar primary key, sess json not null, expire timestamp(6) not null);
          create index session_expire on session (expire)`)
        await pool.query(
          `insert into users (email) select 'user-' || n || '@example.com' from generate_series(0, ${cookies - 1}) n`,
        )
      },
      async fill(count) {
        await pool.query(
          `insert into session select gen_random_uuid()::text, sess, expire
           from session cross join generate_series(0, ${Math.ceil(count / cookies)}) limit ${count}`,
        )
        await pool.query('vacuum analyze')
      },
    },
  }
}

passport.use(
  // Only the session check is measured, and it hashes no password.
  new LocalStrategy({ usernameField: 'email' }, async (email, password, done) => {
    const user = await users.byEmail(email)
    done(null, user !== undefined && password === PASSWORD ? user : false)
  }),
)
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((id, done) => {
  users.byId(id).then((user) => done(null, user ?? false), done)
})

const app = express()
app.use(
  session({
    store,
    secret: 'kZ4f1Yw0pTq8sVb2nXc6mLr9dHj3gAe7',
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: LIFETIME_MS },
  }),
)
app.use(passport.session())
app.post('/sessions', express.urlencoded(), passport.authenticate('local'), (request, response) => {
  response.json({ email: request.user.email })
})
app.get('/profile', (request, response) => {
  if (request.isAuthenticated()) response.json({ email: request.user.email })
  else response.status(403).json({ message: 'no session' })
})

function listen() {
  return new Promise((listening) => {
    const server = app.listen(0, '127.0.0.1', () => listening(server))
  })
}

async function seed() {
  await users.seed()
  const server = await listen()
  const bearers = []
  for (let index = 0; index < cookies; index++) {
    const email = `user-${index}@example.com`
    const response = await fetch(`http://127.0.0.1:${server.address().port}/sessions`, {
      method: 'POST',
      body: new URLSearchParams({ email, password: PASSWORD }),
    })
    const [set = ''] = response.headers.getSetCookie()
    bearers.push({ cookie: set.slice(0, set.indexOf(';')), email })
  }
  await users.fill(sessions - cookies)
  return { bearers }
}

async function serve() {
  return { port: (await listen()).address().port }
}

const printed = JSON.stringify(await (what === 'seed' ? seed() : serve()))
process.stdout.write(`${printed}\n`, () => what === 'seed' && process.exit())
