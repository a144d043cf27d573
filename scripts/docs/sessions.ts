/** Generates the table of numbers in docs/security/sessions.md. */
import { defaultOf, MODES, OPTION_TABLE, type Setting } from '../../src/options/index.ts'
import { code, duration, partsOf, table } from './page.ts'

const SETTINGS: readonly Setting[] = [
  OPTION_TABLE.sessionLifetimeSeconds,
  OPTION_TABLE.sessionIdleSeconds,
  OPTION_TABLE.sessionsPerUser,
  OPTION_TABLE.reauthenticationSeconds,
]

export const sessions = partsOf('docs/security/sessions.md', {
  numbers: table(
    ['Setting', ...MODES, 'Meaning'],
    SETTINGS.map((row) => [
      code(row.env),
      ...MODES.map((mode) => shown(row, Number(defaultOf(row, mode)))),
      row.about,
    ]),
  ),
})

function shown({ kind }: Setting, value: number): string {
  const isTime = kind.type === 'integer' && kind.unit === 'seconds'
  return isTime && value > 0 ? `${value} (${duration(value * 1_000)})` : String(value)
}
