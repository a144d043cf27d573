import { describeDatabase } from '../db/index.ts'
import { visible } from '../lib/visible.ts'
import { describeSmtp, TERMINAL_MAIL } from '../mail/settings.ts'
import { type Options, unsafeOptions } from '../options/index.ts'
import type { Settings } from './settings.ts'
import { table } from './terminal.ts'

/** Development mode says this once, loudly. */
export const DEVELOPMENT_WARNING =
  'for your machine only. Do not put it on the internet; use BIENVENUE_MODE=production there'

/** What a key costs that development mode made at the start. */
export const KEY_NOTE = 'sessions survive a restart, device cookies do not'

/** Whether there is such a key. */
export function makesKey({ mode, secretKey }: Options): boolean {
  return mode === 'development' && secretKey === ''
}

/** What a person at a terminal reads when the service has started. It ends with the address. */
export function startBlock(settings: Settings, options: Options, { version, url }: Start): string {
  const isDevelopment = options.mode === 'development'
  const rows = [
    ['Database', describeDatabase(options.databaseUrl)],
    ['Mail', describeMail(options)],
    ...(options.baseUrl === '' ? [] : [['Address', options.baseUrl]]),
    ...(makesKey(options) ? [['Key', `made for this run: ${KEY_NOTE}`]] : []),
    ...(settings.workers === 1 ? [] : [['Workers', String(settings.workers)]]),
    ...settings.unknownVariables.map((variable) => ['Ignored', `${variable}: there is no such setting`]),
  ]
  const heading = isDevelopment
    ? `!!! DEVELOPMENT MODE: ${DEVELOPMENT_WARNING}.`
    : 'Not fit for the internet:'
  const unsafe = unsafeOptions(options).map(({ reason }) => `  - ${reason}`)
  return [
    `Bienvenue ${version} in ${options.mode} mode`,
    '',
    ...table(rows)
      .split('\n')
      .map((row) => `  ${visible(row)}`),
    '',
    ...(isDevelopment || unsafe.length > 0 ? [heading, ...unsafe, ''] : []),
    `Ready: ${url}`,
  ].join('\n')
}

interface Start {
  readonly version: string
  readonly url: string
}

function describeMail({ smtpUrl, mailFrom }: Options): string {
  if (smtpUrl === '') return 'none is sent (SMTP_URL is not set)'
  if (smtpUrl === TERMINAL_MAIL) return 'is shown in this terminal'
  return `${describeSmtp(smtpUrl)}, from ${mailFrom}`
}
