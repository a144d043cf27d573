import { withoutTrailing } from '../../../lib/without-trailing.ts'
import '../../../lib/require-node.ts'

import { OptionError } from '../../../model/errors.ts'

// Not imported: require-node.ts says why.
const { hash } = process.getBuiltinModule('node:crypto')

/** A registration waits for the answer at most this long, then continues without it. */
export const TIMEOUT_MS = 2_000
/** A padded answer has about 40 KiB. */
export const ANSWER_MAX_BYTES = 256 * 1_024
/** After this many failures in a row, the service is not asked for {@link PAUSE_MS}. */
export const FAILURES_MAX = 3
export const PAUSE_MS = 30_000

const PREFIX_LENGTH = 5
/** The rest of a SHA-1 digest in hexadecimal, and how often the password was seen. */
const LINE = /^([0-9A-F]{35}):(\d{1,15})$/i

/** Called once with the cause when an outage begins, and once with `null` when the service answers again. */
export type OnBreachOutage = (cause: BreachServiceUnreachable | null) => void

export interface BreachTuning {
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  /** For the whole exchange, to the last byte of the answer. */
  readonly timeoutMs: number
}

/** The breach service gave no usable answer. Contains nothing of the request. */
export class BreachServiceUnreachable extends Error {
  override readonly name = 'BreachServiceUnreachable'
  /** `timeout`, `status_503`, `too_large`, `malformed`, a network error such as `ECONNREFUSED`, or `no_answer`. */
  readonly code: string

  constructor(code: string) {
    super(`the breach service gave no usable answer: ${code}`)
    this.code = code
  }
}

/**
 * Creates a check that asks a breach service about a password with the range protocol of Pwned Passwords. It sends the
 * first 5 hexadecimal digits of the SHA-1 digest, and the service returns every suffix that it knows for them. The
 * check never rejects: without an answer, the password counts as not breached.
 *
 * @param baseUrl - An http(s) URL, with or without `/range` at its end.
 * @throws {OptionError} `baseUrl` is not an http(s) URL, or has credentials, a query or a fragment.
 * @see {@link https://haveibeenpwned.com/API/v3#PwnedPasswords the protocol}
 */
export function createBreachCheck(
  baseUrl: string,
  onOutage: OnBreachOutage,
  { now = () => performance.now(), timeoutMs = TIMEOUT_MS }: Partial<BreachTuning> = {},
): (password: string) => Promise<boolean> {
  const rangeUrl = readRangeUrl(baseUrl)
  let failures = 0
  let pausedUntil = 0

  return async (password) => {
    const isFailing = failures >= FAILURES_MAX
    if (isFailing && now() < pausedUntil) return false
    // After the pause, a single request tries the service again. Others continue without it.
    if (isFailing) pausedUntil = now() + PAUSE_MS

    // The protocol requires SHA-1. It protects nothing here: the stored hash is a different one.
    const digest = hash('sha1', password).toUpperCase()
    try {
      const answer = await getText(`${rangeUrl}/${digest.slice(0, PREFIX_LENGTH)}`, timeoutMs)
      const suffixes = breachedSuffixes(answer)
      if (failures > 0) onOutage(null)
      failures = 0
      return suffixes.has(digest.slice(PREFIX_LENGTH))
    } catch (error) {
      failures++
      pausedUntil = now() + PAUSE_MS
      if (failures === 1) onOutage(new BreachServiceUnreachable(reasonOf(error)))
      return false
    }
  }
}

function readRangeUrl(baseUrl: string): string {
  const url = URL.parse(baseUrl)
  const isPlain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    [url.username, url.password, url.search, url.hash].every((part) => part === '')
  if (!isPlain)
    throw new OptionError('breachCheckUrl', 'expected an http(s) URL without credentials, query or fragment')
  const base = withoutTrailing(`${url.origin}${url.pathname}`, '/')
  return base.endsWith('/range') ? base : `${base}/range`
}

async function getText(url: string, timeoutMs: number): Promise<string> {
  const response = await fetch(url, {
    // Padding makes all answers about equally long, so that their length does not reveal the prefix.
    headers: { 'add-padding': 'true', 'user-agent': 'bienvenue' },
    redirect: 'error',
    credentials: 'omit',
    cache: 'no-store',
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new BreachServiceUnreachable(`status_${response.status}`)
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > ANSWER_MAX_BYTES) throw new BreachServiceUnreachable('too_large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('latin1')
}

/** The suffixes of passwords that were seen at least once. Lines with a count of 0 are padding. */
function breachedSuffixes(answer: string): Set<string> {
  const suffixes = new Set<string>()
  for (const line of answer.replace(/\r?\n$/, '').split(/\r?\n/)) {
    const [, suffix, count] = LINE.exec(line) ?? []
    // No range is empty, so an answer without a line is malformed, like one with any other line.
    if (suffix === undefined) throw new BreachServiceUnreachable('malformed')
    if (Number(count) > 0) suffixes.add(suffix.toUpperCase())
  }
  return suffixes
}

/** A code for the log. Not the error itself, which may contain what was sent and received. */
function reasonOf(error: unknown): string {
  if (error instanceof BreachServiceUnreachable) return error.code
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'TimeoutError') return 'timeout'
  const { cause } = error
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return 'no_answer'
}
