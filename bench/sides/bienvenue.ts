import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { openDatabase } from '../../src/db/index.ts'
import { mintBearer } from '../../src/lib/bearer.ts'
import { OPTION_TABLE } from '../../src/options/index.ts'
import { startProgram } from '../../test/support/service.ts'
import type { EngineName, Place } from '../place.ts'
import type { Bearer, Population, RunningSide, Side } from './index.ts'

export type Mode = 'classic' | 'production'

export const HOST = 'auth.example.com'
/** Rows per statement. SQLite accepts 32,766 values. */
const ROWS_AT_ONCE = 1_000
/** The minimum time between two recorded uses of a session: `src/auth/sessions/guards.ts`. */
const USE_STEP_MS = 60_000
const SESSIONS_PER_USER = 10

/** The cookie of each mode. */
const COOKIE = { classic: 'session_id', production: '__Host-session_id' } as const

const ABOUT = {
  classic: 'with every default of classic mode',
  production:
    'with every default of production mode, as behind a proxy: the host of `BASE_URL`, `X-Forwarded-For` from a trusted address, confirmed addresses, an idle limit that each use extends',
} as const

/** The service as `npm start` runs it. */
export function bienvenue(
  engine: EngineName,
  mode: Mode,
  { flags = [], ...details }: Details & { readonly flags?: readonly string[] } = {},
): Side {
  return {
    name: ['Bienvenue', ...(mode === 'production' ? ['production'] : []), ...flags].join(' '),
    engine,
    about: `\`${['bienvenue serve', ...flags].join(' ')}\` ${ABOUT[mode]}; throttling and the audit log are on.`,
    async start(place, population) {
      const databaseUrl = await place.freshDatabase(engine)
      const bearers = await addSessions(databaseUrl, mode, population, details)
      const service = await startBienvenue(place, databaseUrl, mode, flags)
      return { ...service, ...checkOf(mode), bearers }
    },
  }
}

/** Starts the service with only the settings that its mode requires. */
export async function startBienvenue(
  { onEnd, mailPort }: Place,
  databaseUrl: string,
  mode: Mode,
  flags: readonly string[] = [],
): Promise<Pick<RunningSide, 'pid' | 'origin'>> {
  const settings = mode === 'production' ? productionSettings(await mailPort()) : {}
  const env = { PORT: '0', DATABASE_URL: databaseUrl, ...settings }
  const { pid, line } = startProgram(['src/cli/main.ts', 'serve', ...flags], { env, onEnd })
  const { url } = JSON.parse(await line((text) => text.includes('"msg":"listening"'))) as { url: string }
  return { pid, origin: `http://127.0.0.1:${new URL(url).port}` }
}

function productionSettings(mailPort: number): Record<string, string> {
  return {
    BIENVENUE_MODE: 'production',
    BASE_URL: `https://${HOST}`,
    BIENVENUE_SECRET_KEY: randomBytes(32).toString('base64url'),
    SMTP_URL: `smtp://127.0.0.1:${mailPort}`,
    BIENVENUE_MAIL_FROM: `Example <no-reply@${HOST}>`,
    BIENVENUE_TRUSTED_PROXIES: '127.0.0.1',
  }
}

/** The headers of every request in a mode. */
export function headersOf(mode: Mode, client = 1): Record<string, string> {
  const network = `203.0.${Math.floor(client / 250)}.${(client % 250) + 1}`
  return mode === 'classic' ? {} : { Host: HOST, 'X-Forwarded-For': network, 'X-Forwarded-Proto': 'https' }
}

function checkOf(mode: Mode): Pick<RunningSide, 'request' | 'refusal'> {
  return {
    refusal: { status: 403 },
    request: (cookie) => ({
      method: 'GET',
      path: '/profile',
      headers: { ...headersOf(mode), ...(cookie !== undefined && { Cookie: cookie }) },
    }),
  }
}

interface Details {
  /** The hash of every user. By default no password matches. */
  readonly hashedPassword?: string
  /** Whether the next use of each session is recorded. By default all were used within the last minute. */
  readonly isUseDue?: boolean
}

/**
 * Adds users with sessions directly to the tables, because the use cases would take minutes.
 *
 * @returns The sessions whose cookies are sent, spread evenly over all sessions.
 */
export async function addSessions(
  databaseUrl: string,
  mode: Mode,
  { sessions, cookies }: Population,
  { hashedPassword = '!', isUseDue = false }: Details = {},
): Promise<Bearer[]> {
  const now = new Date()
  const at = now.getTime()
  const options = OPTION_TABLE
  const idleMs = options.sessionIdleSeconds[mode] * 1_000
  const step = Math.ceil(sessions / cookies)
  const bearers: Bearer[] = []
  const db = await openDatabase(databaseUrl)
  try {
    await db.transaction().execute(async (tx) => {
      const users = Array.from({ length: Math.ceil(sessions / SESSIONS_PER_USER) }, (_, index) => ({
        email: `user-${index}@example.com`,
        normalized_email: `user-${index}@example.com`,
        hashed_password: hashedPassword,
        created_at: at,
        password_version: 1,
        email_verified_at: at,
      }))
      const owners: { id: number; email: string }[] = []
      for (const some of batches(users)) {
        owners.push(
          ...(await tx.insertInto('users').values(some).returning(['users.id', 'users.email']).execute()),
        )
      }
      const rows = Array.from({ length: sessions }, (_, index) => {
        const owner = owners[index % owners.length] as (typeof owners)[number]
        const { value, id, secretHash } = mintBearer(now)
        if (index % step === 0) bearers.push({ cookie: `${COOKIE[mode]}=${value}`, email: owner.email })
        return {
          id,
          user_id: owner.id,
          secret_hash: secretHash,
          created_at: at,
          authenticated_at: at,
          // Spread, so that the uses are not all due to be recorded at the same time.
          last_seen_at: at - Math.floor(Math.random() * USE_STEP_MS) - (isUseDue ? USE_STEP_MS : 0),
          idle_expires_at: idleMs === 0 ? null : at + idleMs,
          expires_at: at + options.sessionLifetimeSeconds.classic * 1_000,
          amr: 'pwd',
          aal: 1,
          transport: 'cookie',
          persistent: 1,
        }
      })
      for (const some of batches(rows)) await tx.insertInto('sessions').values(some).execute()
    })
    await sql`analyze`.execute(db)
  } finally {
    await db.destroy()
  }
  return bearers
}

function* batches<Item>(items: readonly Item[]): Generator<Item[]> {
  for (let from = 0; from < items.length; from += ROWS_AT_ONCE) yield items.slice(from, from + ROWS_AT_ONCE)
}
