/** The log, by `pino`: one JSON object a line. What goes in is the caller's to choose; secrets never do. */
import { pino } from 'pino'

/** What the rest of the house needs of a logger; a pino instance is one. */
export type Logger = Record<
  'debug' | 'info' | 'warn' | 'error',
  (fields: Record<string, unknown>, message: string) => void
> & {
  /** Whether anything comes of a line of this level; without it, every line is made. */
  isLevelEnabled?(level: 'debug'): boolean
}

/** From silent to everything. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * A logger.
 *
 * @param level - The least that is written.
 * @param stream - Where to. The service logs to standard output, the library to standard error.
 * @param base - Fields of every line. Default: none.
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
    },
    process[stream],
  )
}

/** An error as it may stand in the log: the message of a database error may quote a value, and stays out. */
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
