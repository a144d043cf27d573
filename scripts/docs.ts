/** Generates documents from the source. With `--check`, changes nothing and fails if a file differs. */
import { readFileSync, writeFileSync } from 'node:fs'
import { api } from './docs/api.ts'
import { audit } from './docs/audit.ts'
import { clientRoutes } from './docs/client-routes.ts'
import { comingFrom } from './docs/coming-from.ts'
import { data } from './docs/data.ts'
import { email } from './docs/email.ts'
import { errors } from './docs/errors.ts'
import { examples } from './docs/examples.ts'
import { givenOptions } from './docs/given-options.ts'
import { http } from './docs/http.ts'
import { limits } from './docs/limits.ts'
import { migrations } from './docs/migrations.ts'
import { options } from './docs/options.ts'
import { securityPolicy } from './docs/security-policy.ts'
import { sessions } from './docs/sessions.ts'
import { throttling } from './docs/throttling.ts'
import { waysIn } from './docs/ways-in.ts'

const PAGES = [
  // Sources first, because api.md lists what is in them.
  ...[clientRoutes, givenOptions, migrations],
  ...[errors, options, data, http, api],
  ...[waysIn, audit, throttling, email, sessions, limits, securityPolicy],
  ...examples,
  ...comingFrom,
]

for (const { path, write } of PAGES) {
  const current = readFileSync(path, 'utf8')
  const page = write(current)
  if (page === current) continue
  if (!process.argv.includes('--check')) {
    writeFileSync(path, page)
  } else {
    process.stderr.write(`${path} differs from the source: run npm run docs\n`)
    process.exitCode = 1
  }
}
