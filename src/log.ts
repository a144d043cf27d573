/** The log: one JSON object per line, written by `pino`. Callers must not log secrets. */
import { pino } from 'pino'
import { visibleJson } from './lib/visible.ts'

/** The logger that the service needs. A pino instance is one. */
export type Logger = Record<
  'debug' | 'info' | 'warn' | 'error',
  (fields: Record<string, unknown>, message: string) => void
> & {
  /** Whether lines of this level are written. If absent, lines of every level are passed on. */
  isLevelEnabled?(level: 'debug'): boolean
}

/** The levels, from the fewest lines to the most. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * Creates a logger.
 *
 * @param level - The lowest level that is written.
 * @param stream - The output. The service logs to standard output, the library to standard error.
 * @param base - Fields to add to every line.
 */
export function createLogger(
  level: LogLevel,
  stream: 'stdout' | 'stderr',
  base: Record<string, unknown> | null = null,
): Logger {
  return pino(
    {
      level,
      base,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      // Lines contain text from clients, and people read them at a terminal.
      hooks: { streamWrite: visibleJson },
    },
    process[stream],
  )
}

/** Describes an error for the log. Leaves out the message, because that of a database error can quote personal data. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error }
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? []
  return {
    type: error.name,
    code: code ?? null,
    ...(errcode === undefined ? {} : { errcode }),
    stack: frames.map((line) => line.trim()),
  }
}
