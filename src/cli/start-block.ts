import { describeDatabase } from '../db/index.ts'
import { visible } from '../lib/visible.ts'
import { describeSmtp, TERMINAL_MAIL } from '../mail/settings.ts'
import { generatesKey, type Options } from '../options/index.ts'
import type { Settings } from './settings.ts'
import { table } from './terminal.ts'
import { warningsOf } from './warnings.ts'

/** The warning that development mode prints when it starts. */
export const DEVELOPMENT_WARNING =
  'for your own machine only. Do not put it on the internet; use BIENVENUE_MODE=production there'

/** The effect of a key that is generated at every start. */
export const KEY_NOTE = 'sessions survive a restart; device cookies and authenticator apps do not'

/** The summary that a person at a terminal sees once the service has started. The address comes last. */
export function startBlock(settings: Settings, options: Options, { version, url }: Start): string {
  const isDevelopment = options.mode === 'development'
  const rows = [
    ['Database', describeDatabase(options.databaseUrl)],
    ['Mail', describeMail(options)],
    ...(options.baseUrl === '' ? [] : [['Address', options.baseUrl]]),
    ...(generatesKey(options) ? [['Key', `generated for this run: ${KEY_NOTE}`]] : []),
    ...(settings.workers === 1 ? [] : [['Workers', String(settings.workers)]]),
    ...settings.unknownVariables.map((variable) => ['Ignored', `${variable} (unknown setting)`]),
  ]
  const heading = isDevelopment
    ? `!!! DEVELOPMENT MODE: ${DEVELOPMENT_WARNING}.`
    : 'Not fit for the internet:'
  const unsafe = warningsOf(settings, options).map(({ reason }) => `  - ${visible(reason)}`)
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
  if (smtpUrl === '') return 'not sent (SMTP_URL is not set)'
  if (smtpUrl === TERMINAL_MAIL) return 'shown in this terminal'
  return `${describeSmtp(smtpUrl)}, from ${mailFrom}`
}
