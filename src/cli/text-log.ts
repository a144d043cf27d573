/** The log for people at a terminal: a short line per message instead of JSON. */
import { visible } from '../lib/visible.ts'
import { LOG_LEVELS, type Logger, type LogLevel } from '../log.ts'

type Fields = Readonly<Record<string, unknown>>

/** Not shown here: `bienvenue audit` shows the audit log, and the start block shows the address. */
const OMITTED: readonly string[] = ['audit', 'worker listening']

/**
 * A logger that writes text to standard output.
 *
 * @param base - Fields added to every line except those of requests.
 */
export function createTextLogger(level: LogLevel, base: Fields = {}): Logger {
  const isEnabled = (other: LogLevel) => LOG_LEVELS.indexOf(other) <= LOG_LEVELS.indexOf(level)
  const writer = (own: LogLevel) => (fields: Fields, message: string) => {
    if (isEnabled(own) && !OMITTED.includes(message))
      process.stdout.write(textOf(new Date(), own, { ...fields, ...base }, message))
  }
  return {
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
    isLevelEnabled: isEnabled,
  }
}

/** A log message as text: one line, followed by the stack frames of an error. */
export function textOf(time: Date, level: LogLevel, { reason, ...fields }: Fields, message: string): string {
  const words = message === 'request' ? requestWords(fields) : [message, ...pairsOf(fields)]
  const prefix = level === 'error' ? 'error: ' : level === 'warn' ? 'warning: ' : ''
  const { type, code, stack = [] } = (reason ?? {}) as { type?: string; code?: unknown; stack?: string[] }
  const cause = type === undefined ? [] : [`(${[type, code].filter(Boolean).join(' ')})`]
  const line = `${time.toTimeString().slice(0, 8)}  ${prefix}${[...words, ...cause].join('  ')}`
  return `${[line, ...stack.map((frame) => `    ${frame}`)].map(visible).join('\n')}\n`
}

function requestWords({ requestId, method, route, status, code, ms }: Fields): string[] {
  const outcome = code === undefined ? `${status}` : `${status} ${code}`
  const words = [`${method ?? '-'} ${route ?? '(no such route)'}`, outcome, `${ms} ms`]
  // The response to a failed request contains this id, so a bug report can quote it.
  return Number(status) >= 500 ? [...words, `request_id=${requestId}`] : words
}

function pairsOf(fields: Fields): string[] {
  return Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
}
