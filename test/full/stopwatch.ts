/**
 * Compares response times for an address with an account and one without. Used by `timing.test.ts` and by
 * `bench/soak/timing.ts`, which runs without the test runner.
 */
import { randomInt } from 'node:crypto'
import type { Auth } from '../../src/index.ts'

export const BASE_URL = 'https://auth.example.com'
const { host } = new URL(BASE_URL)

const PASSWORD = 'a tortoise under the lamp'

/** Two requests whose response times must not differ. Each sample uses new requests. */
export interface Pair {
  readonly name: string
  /** Adds the accounts for the samples. */
  prepare(auth: Auth, samples: number): Promise<void>
  /** The request for an address with an account. */
  known(sample: number): Request
  /** The same request for an address without an account. */
  unknown(sample: number): Request
}

/** Response times in milliseconds. */
export interface Times {
  readonly known: readonly number[]
  readonly unknown: readonly number[]
}

type Body = 'json' | 'form'

function requestOf(path: string, fields: Record<string, string>, as: Body): Request {
  const type = as === 'json' ? 'application/json' : 'application/x-www-form-urlencoded'
  return new Request(BASE_URL + path, {
    method: 'POST',
    body: as === 'json' ? JSON.stringify(fields) : new URLSearchParams(fields).toString(),
    headers: {
      host,
      origin: BASE_URL,
      'sec-fetch-site': 'same-origin',
      'content-type': type,
      accept: as === 'json' ? 'application/json' : 'text/html,*/*;q=0.8',
    },
  })
}

/** A pair that differs only in the address, with equal lengths. Each sample has a new address, to avoid the limits. */
function pairOf(
  name: string,
  path: string,
  fields: Record<string, string>,
  { confirmed, as = 'json' }: { confirmed: boolean; as?: Body },
): Pair {
  const slug = name.replaceAll(/\W+/g, '-')
  const request = (email: string) => requestOf(path, { email, ...fields }, as)
  const addressOf = (kind: 'here' | 'none', sample: number) =>
    `${kind}-${slug}-${String(sample).padStart(6, '0')}@example.com`
  return {
    name,
    async prepare(auth, samples) {
      // One shared hash, because separate ones would take longer than the measurement.
      const hash = await auth.hashPassword(PASSWORD)
      for (let sample = 0; sample < samples; sample++) {
        const { id } = await auth.db.addUser(addressOf('here', sample), hash)
        if (confirmed) await auth.users.confirmEmail(id)
      }
    },
    known: (sample) => request(addressOf('here', sample)),
    unknown: (sample) => request(addressOf('none', sample)),
  }
}

/** Every request that a stranger can make about an address. */
export const PAIRS: readonly Pair[] = [
  pairOf(
    'a sign-in with a wrong password',
    '/sessions',
    { password: 'not this one at all' },
    { confirmed: true },
  ),
  pairOf('a reset request', '/reset_password', {}, { confirmed: true }),
  pairOf('a registration', '/users', { password: 'seven green umbrellas' }, { confirmed: true }),
  pairOf('a confirmation request', '/request_confirmation', {}, { confirmed: false }),
  pairOf('a sign-in to an unconfirmed account', '/sessions', { password: PASSWORD }, { confirmed: false }),
]

/** The same with the forms of the hosted pages. */
export const PAGE_PAIRS: readonly Pair[] = [
  pairOf(
    'the form that signs in',
    '/sign_in',
    { password: 'not this one at all' },
    { confirmed: true, as: 'form' },
  ),
  pairOf('the form that recovers an account', '/recover', {}, { confirmed: true, as: 'form' }),
  pairOf(
    'the form that signs up',
    '/sign_up',
    { password: 'seven green umbrellas' },
    { confirmed: true, as: 'form' },
  ),
]

/** Answers the requests: a service, or a service with a planted time difference. */
export type Ask = (request: Request, isKnown: boolean) => Promise<Response>

/**
 * Times a pair. Each round sends both requests in random order, so that disturbances affect both equally.
 *
 * @param rounds - `first` is the number of the first sample, to continue an earlier run. Default 0.
 */
export async function timesOf(
  ask: Ask,
  pair: Pair,
  { samples, first = 0 }: { samples: number; first?: number },
): Promise<Times> {
  const times = { known: [] as number[], unknown: [] as number[] }
  for (let sample = first; sample < first + samples; sample++) {
    const kinds = randomInt(2) === 0 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const)
    for (const kind of kinds) times[kind].push(await timeOf(ask, pair[kind](sample), kind === 'known'))
  }
  return times
}

async function timeOf(ask: Ask, request: Request, isKnown: boolean): Promise<number> {
  const started = performance.now()
  const response = await ask(request, isKnown)
  await response.arrayBuffer()
  const elapsed = performance.now() - started
  if (![200, 303, 401].includes(response.status))
    throw new Error(`${request.method} ${request.url}: ${response.status}`)
  return elapsed
}

/**
 * Welch's t of a pair: the distance of the means in standard errors. If the times do not differ, it is nearly always
 * between -3 and 3, whatever their variance. If they differ, it grows with the square root of the sample count.
 *
 * The longest times of both together are left out: they come from the machine, and would hide a difference
 * (Reparaz, Balasch, Verbauwhede: Dude, is my code constant time?, 2017, §II).
 *
 * @param keep - The share of the times to keep.
 */
export function welchT({ known, unknown }: Times, keep = 0.8): number {
  const limit = quantile([...known, ...unknown], keep)
  const [a, b] = [known, unknown].map((times) => momentsOf(times.filter((time) => time <= limit)))
  if (a === undefined || b === undefined) return 0
  return (a.mean - b.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count)
}

function momentsOf(times: readonly number[]): { count: number; mean: number; variance: number } {
  const count = times.length
  const mean = times.reduce((sum, time) => sum + time, 0) / count
  const variance = times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (count - 1)
  return { count, mean, variance }
}

/** The value below which the given share of the times lies. */
export function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? Number.NaN
}
