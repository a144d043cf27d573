/** Copies the scripts of `docs/guide/coming-from/` into the pages that explain them. */
import { listingsOf, type Page } from './page.ts'

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
  listingsOf(
    `${FOLDER}/${page}`,
    Object.fromEntries(Object.entries(scripts).map(([part, script]) => [part, `${FOLDER}/${script}`])),
  ),
)
