import '../../../lib/require-node.ts'

import { OptionError } from '../../../model/errors.ts'

// Not imported: require-node.ts says why.
const { hash } = process.getBuiltinModule('node:crypto')

/** A registration waits for it: who gets no answer by then goes on without. */
export const TIMEOUT_MS = 2_000
/** A padded answer has about 40 KiB. */
export const ANSWER_MAX_BYTES = 256 * 1_024
/** So many failures in a row, and the service is left alone for a while. */
export const FAILURES_MAX = 3
export const PAUSE_MS = 30_000

const PREFIX_LENGTH = 5
/** The rest of a SHA-1 in hexadecimal, and how often that password was seen. */
const LINE = /^([0-9A-F]{35}):(\d{1,15})$/i

/** Told once when an outage begins, with its cause, and once with `null` when the service answers again. */
export type OnBreachOutage = (cause: BreachServiceUnreachable | null) => void

export interface BreachTuning {
  /** Milliseconds that never run backwards. */
  readonly now: () => number
  /** For the whole exchange, up to the last byte of the answer. */
  readonly timeoutMs: number
}

/** The breach service gave no answer that can be used. Holds nothing of what was asked. */
export class BreachServiceUnreachable extends Error {
  override readonly name = 'BreachServiceUnreachable'
  /** Why: `timeout`, `status_503`, `too_large`, `malformed`, or what the network said. */
  readonly code: string

  constructor(code: string) {
    super(`the breach service could not be asked: ${code}`)
    this.code = code
  }
}

/**
 * Asks a breach service about a password by the range protocol of Pwned Passwords: the first 5 hexadecimal
 * digits of its SHA-1 leave, and the service answers with every suffix it knows to them. Without an answer the
 * password counts as not breached; the check never throws.
 *
 * @param baseUrl - http(s), with or without `/range` at its end.
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
    // One tries whether it is back; those who come meanwhile go on without.
    if (isFailing) pausedUntil = now() + PAUSE_MS

    // SHA-1 is the protocol's. It protects nothing here: the password is stored under another hash.
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
    throw new OptionError(
      'breachCheckUrl',
      'expected an http(s) address without credentials, query and fragment',
    )
  const base = `${url.origin}${url.pathname}`.replace(/\/+$/, '')
  return base.endsWith('/range') ? base : `${base}/range`
}

async function getText(url: string, timeoutMs: number): Promise<string> {
  const response = await fetch(url, {
    // Padding gives all answers about one length, so that an eavesdropper cannot tell the prefix by it.
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

/** The suffixes that were seen at least once; lines with a count of 0 are padding. */
function breachedSuffixes(answer: string): Set<string> {
  const suffixes = new Set<string>()
  for (const line of answer.replace(/\r?\n$/, '').split(/\r?\n/)) {
    const [, suffix, count] = LINE.exec(line) ?? []
    // No range is empty: an answer without a line, or with any other, is none of this protocol.
    if (suffix === undefined) throw new BreachServiceUnreachable('malformed')
    if (Number(count) > 0) suffixes.add(suffix.toUpperCase())
  }
  return suffixes
}

/** One word for the log. Never the error itself, since some hold what was sent and received. */
function reasonOf(error: unknown): string {
  if (error instanceof BreachServiceUnreachable) return error.code
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'TimeoutError') return 'timeout'
  const { cause } = error
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return 'no_answer'
}
