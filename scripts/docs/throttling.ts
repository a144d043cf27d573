/** Generates the tables of docs/security/throttling.md. */
import { isVital, MAIL_KINDS, type MailKind, quotaOf } from '../../src/auth/delivery/kinds.ts'
import { SIGN_IN_WINDOW_MS } from '../../src/auth/sign-in/throttle.ts'
import { THROTTLED, WAITS } from '../../src/model/throttled.ts'
import { defaultOf, MODES, type Mode, OPTION_TABLE, type Setting } from '../../src/options/index.ts'
import { code, codes, duration, partsOf, table } from './page.ts'

const KINDS = (Object.keys(MAIL_KINDS) as MailKind[]).filter((kind) => kind !== 'test')

/** Not attempts, but counted like them. */
const RIGHT_PASSWORDS = {
  what: 'right passwords',
  account: 'signInsPerAccount',
  ip: 'signInsPerIp',
  forgetAfterMs: SIGN_IN_WINDOW_MS,
} as const

export const throttling = partsOf('docs/security/throttling.md', {
  attempts: table(
    ['What is counted', 'Per', 'Setting', ...MODES, 'Forgotten after'],
    [...Object.values(THROTTLED), RIGHT_PASSWORDS].flatMap(({ what, account, ip, forgetAfterMs }) =>
      (
        [
          ['account', account],
          ['IP address', ip],
        ] as const
      ).map(([per, option]) => [
        what,
        per,
        code(OPTION_TABLE[option].env),
        ...MODES.map((mode) => freeAttempts(option, ip, mode)),
        duration(forgetAfterMs),
      ]),
    ),
  ),
  waits: `    ${waits().join(', ')} seconds`,
  lock: settings(['loginFailuresUntilLock']),
  mail: settings(['mailsPerMailbox', 'mailsPerHour']),
  budgets: table(
    ['Budget', 'Mails'],
    [
      ...Map.groupBy(
        KINDS.filter((kind) => !isVital(kind)),
        quotaOf,
      ),
    ]
      .map(([quota, kinds]) => [code(quota), codes(kinds)])
      .concat([['a separate one for each kind', codes(KINDS.filter(isVital))]]),
  ),
})

type Option = keyof typeof OPTION_TABLE

/** Without a limit for the IP address, nothing is counted. */
function freeAttempts(option: Option, ip: Option, mode: Mode): string {
  return defaultIn(ip, mode) === 0 ? 'no limit' : String(defaultIn(option, mode))
}

function defaultIn(option: Option, mode: Mode) {
  return defaultOf(OPTION_TABLE[option] as Setting, mode)
}

function settings(options: readonly Option[]): string {
  return table(
    ['Setting', ...MODES, 'Meaning'],
    options.map((option) => [
      code(OPTION_TABLE[option].env),
      ...MODES.map((mode) => String(defaultIn(option, mode))),
      OPTION_TABLE[option].about,
    ]),
  )
}

function waits(): number[] {
  const all: number[] = []
  for (let wait = WAITS.firstMs; wait < WAITS.longestMs; wait *= 2) all.push(wait / 1_000)
  return [...all, WAITS.longestMs / 1_000]
}
