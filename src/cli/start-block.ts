import { describeDatabase } from '../db/index.ts'
import { visible } from '../lib/visible.ts'
import { describeSmtp, TERMINAL_MAIL } from '../mail/settings.ts'
import { type Options, unsafeOptions } from '../options.ts'
import type { Settings } from './settings.ts'
import { table } from './terminal.ts'

/** What a person at a terminal reads when the service has started. It ends with the address. */
export function startBlock(settings: Settings, options: Options, { version, url }: Start): string {
  const rows = [
    ['Database', describeDatabase(options.databaseUrl)],
    ['Mail', describeMail(options)],
    ...(options.baseUrl === '' ? [] : [['Address', options.baseUrl]]),
    ...(settings.workers === 1 ? [] : [['Workers', String(settings.workers)]]),
    ...settings.unknownVariables.map((variable) => ['Ignored', `${variable}: there is no such setting`]),
  ]
  const unsafe = unsafeOptions(options).map(({ reason }) => `  - ${reason}`)
  return [
    `Bienvenue ${version} in ${options.mode} mode`,
    '',
    ...table(rows)
      .split('\n')
      .map((row) => `  ${visible(row)}`),
    '',
    ...(unsafe.length === 0 ? [] : ['Not fit for the internet:', ...unsafe, '']),
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
