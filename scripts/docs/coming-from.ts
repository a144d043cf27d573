/** Copies the scripts of `docs/guide/coming-from/` into the pages that explain them. */
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { type Page, partsOf } from './page.ts'

const FOLDER = 'docs/guide/coming-from'

/** The script of each part of each page. */
const SCRIPTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'README.md': { ids: 'ids.jq' },
  'authjs.md': { postgres: 'authjs.postgres.sql', sqlite: 'authjs.sqlite.sql' },
  'better-auth.md': { script: 'better-auth.mjs' },
  'keycloak.md': { script: 'keycloak.jq' },
  'pocketbase.md': { script: 'pocketbase.sql' },
  'supabase.md': { script: 'supabase.sql' },
}

export const comingFrom: readonly Page[] = Object.entries(SCRIPTS).map(([page, scripts]) =>
  partsOf(
    `${FOLDER}/${page}`,
    Object.fromEntries(Object.entries(scripts).map(([part, script]) => [part, listing(script)])),
  ),
)

/** The script as a block of code. */
function listing(script: string): string {
  const code = readFileSync(`${FOLDER}/${script}`, 'utf8')
  return `\`\`\`${extname(script).slice(1)}\n${code}\`\`\``
}
