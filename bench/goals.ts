/** The goals of the benchmark, and the limits of a quick run. */
import { type Spread, spreadOf } from './measure.ts'

interface Goal {
  readonly what: string
  /** The best there is, or the most that is allowed. */
  readonly bound: 'at least' | 'at most'
  readonly value: number
  readonly unit: 'times' | 'ms' | 'MB' | 'requests'
  /**
   * The limit for the best round of a quick run: wide enough for a busy machine, and narrow enough to notice a change that
   * doubles the cost of a request. Without it, quick runs do not check the goal.
   */
  readonly guard?: number
}

export const GOALS = {
  check_speed_sqlite: {
    what: 'Session check on SQLite: requests a second, of the floor',
    bound: 'at least',
    value: 0.85,
    unit: 'times',
  },
  check_cpu_sqlite: {
    what: 'Session check on SQLite: CPU a request, of the floor',
    bound: 'at most',
    value: 1 / 0.85,
    unit: 'times',
    guard: 2,
  },
  check_speed_postgres: {
    what: 'Session check on PostgreSQL: requests a second, of the floor',
    bound: 'at least',
    value: 1.4,
    unit: 'times',
  },
  check_speed_pipelined: {
    what: 'Session check on PostgreSQL: requests a second, of the pipelined floor',
    bound: 'at least',
    value: 0.9,
    unit: 'times',
  },
  check_cpu_postgres: {
    what: 'Session check on PostgreSQL: CPU a request, of the floor',
    bound: 'at most',
    value: 1 / 1.4,
    unit: 'times',
  },
  check_better_auth_sqlite: {
    what: 'Session check on SQLite: requests a second, of better-auth',
    bound: 'at least',
    value: 20,
    unit: 'times',
  },
  check_better_auth_postgres: {
    what: 'Session check on PostgreSQL: requests a second, of better-auth',
    bound: 'at least',
    value: 16,
    unit: 'times',
  },
  check_express_sqlite: {
    what: 'Session check on SQLite: requests a second, of express-session and passport',
    bound: 'at least',
    value: 2.5,
    unit: 'times',
  },
  check_express_postgres: {
    what: 'Session check on PostgreSQL: requests a second, of express-session and passport',
    bound: 'at least',
    value: 4,
    unit: 'times',
  },
  workers_cpu_postgres: {
    what: 'Session check on PostgreSQL with two workers: CPU a request, of one',
    bound: 'at most',
    value: 1.1,
    unit: 'times',
  },
  call_sqlite: {
    what: '`getUserFromSessionId` on SQLite: time of a call, of the bare query',
    bound: 'at most',
    value: 1.3,
    unit: 'times',
    guard: 3,
  },
  call_postgres: {
    what: '`getUserFromSessionId` on PostgreSQL: time of a call, of the bare query',
    bound: 'at most',
    value: 1.3,
    unit: 'times',
  },
  login_speed_argon2id: {
    what: 'Logins a second in production (argon2id), of what the hash alone allows',
    bound: 'at least',
    value: 0.97,
    unit: 'times',
  },
  login_cpu_argon2id: {
    what: 'CPU of a login in production (argon2id), of the hash alone',
    bound: 'at most',
    value: 1 / 0.97,
    unit: 'times',
    guard: 2,
  },
  login_speed_bcrypt: {
    what: 'Logins a second in classic mode (bcrypt), of what the hash alone allows',
    bound: 'at least',
    value: 0.97,
    unit: 'times',
  },
  login_cpu_bcrypt: {
    what: 'CPU of a login in classic mode (bcrypt), of the hash alone',
    bound: 'at most',
    value: 1 / 0.97,
    unit: 'times',
  },
  check_beside_logins: {
    what: 'Session checks while logins saturate hashing: 99th percentile',
    bound: 'at most',
    value: 5,
    unit: 'ms',
  },
  lost_beside_logins: {
    what: 'Session checks while logins saturate hashing: lost or refused',
    bound: 'at most',
    value: 0,
    unit: 'requests',
  },
  overload_unanswered: {
    what: 'Overload by logins: neither served nor refused with 503 and `Retry-After`',
    bound: 'at most',
    value: 0,
    unit: 'requests',
  },
  start_ready: {
    what: 'Start: ready to answer (`dist`, database there)',
    bound: 'at most',
    value: 250,
    unit: 'ms',
  },
  idle_memory_sqlite: {
    what: 'Idle memory in production on SQLite (`dist`)',
    bound: 'at most',
    value: 80,
    unit: 'MB',
    // A quick run measures it 2 s after the start.
    guard: 85,
  },
  idle_memory_postgres: {
    what: 'Idle memory in production on PostgreSQL (`dist`)',
    bound: 'at most',
    value: 80,
    unit: 'MB',
    // A quick run measures it 2 s after the start.
    guard: 85,
  },
  factor_check: {
    what: 'Checking a passkey, without the database: median',
    bound: 'at most',
    value: 1,
    unit: 'ms',
    guard: 3,
  },
  recovery_codes: {
    what: 'Ten recovery codes',
    bound: 'at most',
    value: 250,
    unit: 'ms',
  },
  page_render: {
    what: 'Rendering the slowest page: median',
    bound: 'at most',
    value: 0.3,
    unit: 'ms',
    guard: 0.6,
  },
} as const satisfies Record<string, Goal>

export type GoalName = keyof typeof GOALS

/** A goal, and how a run stands to it, in words. */
export interface Judged {
  readonly what: string
  readonly wanted: string
  readonly measured: string
  readonly held: boolean
}

/** @param values - One for each round. The median counts; in a quick run the best round, against the guard. */
export function judge(name: GoalName, values: readonly number[], { isQuick = false } = {}): Judged | null {
  const goal: Goal = GOALS[name]
  if (isQuick && goal.guard === undefined) return null
  const spread = spreadOf(values)
  const limit = isQuick ? (goal.guard as number) : goal.value
  const isFloor = goal.bound === 'at least'
  const best = isFloor ? spread.max : spread.min
  const counted = isQuick ? best : spread.median
  return {
    what: goal.what,
    wanted: `${goal.bound} ${figure(limit, goal.unit)}`,
    measured: `${figure(spread.median, goal.unit)} (${range(spread, goal.unit)})`,
    held: isFloor ? counted >= limit : counted <= limit,
  }
}

function range({ min, max }: Spread, unit: Goal['unit']): string {
  return `${digits(min, unit)}–${digits(max, unit)}`
}

function figure(value: number, unit: Goal['unit']): string {
  return unit === 'times' ? `${digits(value, unit)}×` : `${digits(value, unit)} ${unit}`
}

function digits(value: number, unit: Goal['unit']): string {
  return unit === 'times' || unit === 'ms' ? significant(value) : value.toFixed(0)
}

/** Three digits that mean something: `0.853`, `1.27`, `23.4`, `1,250`. */
export function significant(value: number): string {
  if (value === 0) return '0'
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places })
}
