/** Generates the tables of SECURITY.md: supported versions, and the deadlines that `npm run audit` checks. */
import { readFileSync } from 'node:fs'
import { DAYS_TO_FIX } from '../audit.ts'
import { partsOf, table } from './page.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

export const securityPolicy = partsOf('SECURITY.md', {
  versions: table(
    ['Version', 'Gets fixes'],
    [
      [version.split('.').slice(0, 2).join('.'), 'yes'],
      ['older', 'no'],
    ],
  ),
  deadlines: table(
    ['Severity', 'Days'],
    [
      ...Object.entries(DAYS_TO_FIX).map(([severity, days]) => [severity, String(days)]),
      ['low', 'with the next release'],
    ],
  ),
})
