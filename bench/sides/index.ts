/**
 * The sides of the session check: servers that answer which user a cookie belongs to, one per file. The programs of
 * the peers are in `../programs/`.
 *
 * @module
 */
import { run, startProgram } from '../../test/support/service.ts'
import { createClient, type Request } from '../client.ts'
import type { EngineName, Place } from '../place.ts'

/** The number of sessions in the tables of a side, and the number of sessions whose cookies are sent. */
export interface Population {
  readonly sessions: number
  readonly cookies: number
}

export interface Side {
  readonly name: string
  readonly engine: EngineName
  /** The work that it does for each request, and its deviations from its own defaults. */
  readonly about: string
  start(place: Place, population: Population): Promise<RunningSide>
}

/** A running side with filled tables. */
export interface RunningSide {
  readonly pid: number
  /** Such as `http://127.0.0.1:5000`. */
  readonly origin: string
  /** Whether the server closes each connection after its answer. Default `false`. */
  readonly closesConnections?: boolean
  /** A session check. Without a cookie the side must refuse it. */
  request(cookie?: string): Request
  readonly bearers: readonly Bearer[]
  /** The answer to a request without a session. */
  readonly refusal: { readonly status: number; readonly body?: string }
}

/** A session in the tables. */
export interface Bearer {
  /** The whole `Cookie` header. */
  readonly cookie: string
  readonly email: string
}

/** The requests of a side's load. */
export function requestsOf({ bearers, request }: RunningSide): Request[] {
  return bearers.map(({ cookie }) => request(cookie))
}

/**
 * Checks that a side does its work: it names the owners of some cookies, and refuses a request without one.
 *
 * @throws {Error} It does not.
 */
export async function examine(name: string, side: RunningSide): Promise<void> {
  const client = createClient(side.origin)
  try {
    const { bearers, refusal } = side
    const some = [0, 1, Math.floor(bearers.length / 2), bearers.length - 1].flatMap((at) => bearers[at] ?? [])
    if (some.length === 0) throw new Error(`${name} has no sessions`)
    for (const { cookie, email } of some) {
      const { status, body } = await client.send(side.request(cookie))
      if (status !== 200 || !body.includes(`"${email}"`))
        throw new Error(`${name} does not recognize the cookie of ${email}: ${status} ${body}`)
    }
    const { status, body } = await client.send(side.request())
    if (status !== refusal.status || (refusal.body !== undefined && body !== refusal.body))
      throw new Error(`${name} does not refuse a request without a cookie: ${status} ${body}`)
    if (some.some(({ email }) => body.includes(email)))
      throw new Error(`${name} names a user without a cookie: ${body}`)
  } finally {
    client.close()
  }
}

/** The settings of a program in `../programs/`. */
export interface ProgramSettings extends Population {
  readonly databaseUrl: string
  readonly [more: string]: unknown
}

/**
 * Runs a program twice: first to fill its tables, so that this takes no memory of the server, then to serve.
 *
 * @param program - Takes `seed` or `serve` and its settings as JSON. Prints `{ bearers }` or `{ port }` as one line.
 */
export async function startPeer(
  place: Place,
  program: string,
  settings: ProgramSettings,
): Promise<Pick<RunningSide, 'pid' | 'origin' | 'bearers'>> {
  // As in production: some libraries do more work without it.
  const env = { NODE_ENV: 'production' }
  const args = (what: string) => [`bench/programs/${program}`, what, JSON.stringify(settings)]
  const seeded = await run(process.execPath, args('seed'), { env, onEnd: place.onEnd })
  if (seeded.exitCode !== 0) throw new Error(`${program} seed: ${seeded.stdout}${seeded.stderr}`)
  const { bearers } = JSON.parse(seeded.stdout) as { bearers: Bearer[] }
  const server = startProgram(args('serve'), { env, onEnd: place.onEnd })
  const { port } = JSON.parse(await server.line(() => true)) as { port: number }
  return { pid: server.pid, origin: `http://127.0.0.1:${port}`, bearers }
}

/** The request of a side that needs only the cookie. */
export function plainRequest(path: string): RunningSide['request'] {
  return (cookie) => ({ method: 'GET', path, headers: cookie === undefined ? {} : { Cookie: cookie } })
}
