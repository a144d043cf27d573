/** What the tests of `docs/security/security.md` share. */
import { sql } from 'kysely'
import { expect } from 'vitest'
import { type Database, TABLE_NAMES } from '../../src/db/index.ts'
import type { Auth, CreateAuthOptions } from '../../src/index.ts'
import { CHEAP_HASHER, type EngineName, freshAuth, type TestClock } from './engines.ts'
import { openTables, productionAuth } from './production.ts'
import { send, sessionIn } from './send.ts'

export const EMAIL = 'bob@example.com'
/** Too short for production mode. */
export const CLASSIC_PASSWORD = 'b4l0u'
export const BOB = { email: EMAIL, password: CLASSIC_PASSWORD }
export const WRONG = 'a wrong tortoise, alas'

/** The service in a mode. */
export async function authIn(
  mode: 'classic' | 'production',
  engine: EngineName,
  options: Omit<CreateAuthOptions, 'mailer' | 'now'> & { now?: TestClock } = {},
): Promise<Auth> {
  return mode === 'classic' ? freshAuth(engine, options) : (await productionAuth(engine, options)).auth
}

/** Adds a confirmed account with {@link CLASSIC_PASSWORD}, which production mode would refuse. @returns Its id. */
export async function addConfirmed(auth: Auth, email: string): Promise<number> {
  const { id } = await auth.db.addUser(email, await CHEAP_HASHER.hash(CLASSIC_PASSWORD))
  await auth.users.confirmEmail(id)
  return id
}

export const tablesOf = (auth: Auth): Promise<Database> => openTables(auth.options.databaseUrl)

/** Every row of the tables, as text. */
export async function rowsOf(db: Database, names: readonly string[] = TABLE_NAMES): Promise<string> {
  const tables = names.map((table) => sql`select * from ${sql.table(table)} order by 1`.execute(db))
  return JSON.stringify((await Promise.all(tables)).map(({ rows }) => rows))
}

export async function logIn(auth: Auth, fields: Record<string, string> = BOB): Promise<string> {
  return sessionIn(await send(auth, 'POST', '/sessions', { form: fields })) ?? expect.unreachable()
}

export async function askReset(auth: Auth, email = EMAIL): Promise<string> {
  const answer = await send(auth, 'POST', '/reset_password', { form: { email } })
  return ((await answer.json()) as { reset_token: string }).reset_token
}

export const secretOf = (value: string) => value.split('.')[1] ?? ''

/** Expects distinct texts of 256 bits in which every bit takes both values. Fails by chance once in 10^57 runs. */
export function expectRandom(secrets: readonly string[]): void {
  expect(new Set(secrets).size).toBe(secrets.length)
  const bits = secrets.map((secret) => {
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/)
    return [...Buffer.from(secret, 'base64url')].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  })
  for (let place = 0; place < 256; place++)
    expect(new Set(bits.map((text) => text[place])).size, `bit ${place}`).toBe(2)
}

/** The code of a refusal, or `null` for a success. */
export async function codeOf(response: Response): Promise<string | null> {
  return response.ok ? null : ((await response.json()) as { code: string }).code
}
