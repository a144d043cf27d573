/**
 * The sides of the session check: servers that answer who bears a cookie. A file each; what runs in a process of
 * its own stands in `../programs/`.
 *
 * @module
 */
import { run, startProgram } from '../../test/support/service.ts'
import { createClient, type Request } from '../client.ts'
import type { EngineName, Place } from '../place.ts'

/** How many sessions a side has in its tables, and of how many the cookies are sent. */
export interface Population {
  readonly sessions: number
  readonly cookies: number
}

export interface Side {
  readonly name: string
  readonly engine: EngineName
  /** Exactly what it does for each request, and where its set-up differs from its own defaults. */
  readonly about: string
  start(place: Place, population: Population): Promise<RunningSide>
}

/** A side that listens, its tables filled. */
export interface RunningSide {
  readonly pid: number
  /** As in `http://127.0.0.1:5000`. */
  readonly origin: string
  /** Asks who bears the cookie. Without a cookie it has to be refused. */
  request(cookie?: string): Request
  readonly bearers: readonly Bearer[]
  /** What it answers to a request without a session. */
  readonly refusal: { readonly status: number; readonly body?: string }
}

/** A session that is in the tables. */
export interface Bearer {
  /** The whole `Cookie` header. */
  readonly cookie: string
  readonly email: string
}

/** Every request of a side's load. */
export function requestsOf({ bearers, request }: RunningSide): Request[] {
  return bearers.map(({ cookie }) => request(cookie))
}

/**
 * Looks whether a side does what it is measured for: it names the owner of each of some cookies, and nobody
 * without one.
 *
 * @throws Where it does not.
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
        throw new Error(`${name} does not say that a cookie is that of ${email}: ${status} ${body}`)
    }
    const { status, body } = await client.send(side.request())
    if (status !== refusal.status || (refusal.body !== undefined && body !== refusal.body))
      throw new Error(`${name} does not refuse whoever has no cookie: ${status} ${body}`)
    if (some.some(({ email }) => body.includes(email)))
      throw new Error(`${name} names somebody without a cookie: ${body}`)
  } finally {
    client.close()
  }
}

/** What a program of `../programs/` is told. */
export interface ProgramSettings extends Population {
  readonly databaseUrl: string
  readonly [more: string]: unknown
}

/**
 * Runs a program twice: to fill its tables, so that this costs the server no memory, and to serve.
 *
 * @param program - Takes `seed` or `serve` and its settings as JSON; prints `{ bearers }` or `{ port }` as one line.
 */
export async function startPeer(
  place: Place,
  program: string,
  settings: ProgramSettings,
): Promise<Pick<RunningSide, 'pid' | 'origin' | 'bearers'>> {
  // As its users run it: some libraries do more where this is not said.
  const env = { NODE_ENV: 'production' }
  const args = (what: string) => [`bench/programs/${program}`, what, JSON.stringify(settings)]
  const seeded = await run(process.execPath, args('seed'), { env, onEnd: place.onEnd })
  if (seeded.exitCode !== 0) throw new Error(`${program} seed: ${seeded.stdout}${seeded.stderr}`)
  const { bearers } = JSON.parse(seeded.stdout) as { bearers: Bearer[] }
  const server = startProgram(args('serve'), { env, onEnd: place.onEnd })
  const { port } = JSON.parse(await server.line(() => true)) as { port: number }
  return { pid: server.pid, origin: `http://127.0.0.1:${port}`, bearers }
}

/** The request of a side that wants nothing but the cookie. */
export function plainRequest(path: string): RunningSide['request'] {
  return (cookie) => ({ method: 'GET', path, headers: cookie === undefined ? {} : { Cookie: cookie } })
}
