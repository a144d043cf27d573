/** Generates the parts of docs/reference/data.md that come from the registry of tables. */
import { TABLES } from '../../src/db/index.ts'
import type { Table } from '../../src/db/tables/table.ts'
import { code, codes, partsOf, table } from './page.ts'

const EXPORTS = { user: '`POST /profile/export`', operator: '`bienvenue export`' }

const tables: [string, Table][] = Object.entries(TABLES)

export const data = partsOf('docs/reference/data.md', {
  tables: tables.map(([name, about]) => sectionOf(name, about)).join('\n\n'),
  'clean-up': table(
    ['It removes', 'Counted as', 'When', 'By'],
    tables.flatMap(([, { cleanUps }]) =>
      Object.entries(cleanUps).map(([name, { what, when, settings }]) => [
        what,
        code(name),
        when,
        codes(settings),
      ]),
    ),
  ),
  account: table(
    ['Table', 'Afterwards', 'Exported by'],
    tables.map(([name, { afterAccount, exportedBy }]) => [
      code(name),
      afterAccount,
      exportedBy.map((by) => EXPORTS[by]).join(', '),
    ]),
  ),
})

function sectionOf(name: string, { columns, retention }: Table): string {
  const cells = Object.entries(columns).map(([column, about]) => [
    code(column),
    about.about,
    about.class,
    about.protection ?? '',
    about.kept ?? '–',
    about.log,
  ])
  return `## \`${name}\`\n\n${retention}\n\n${table(['Column', 'Holds', 'Class', 'Protection', 'Kept', 'Log'], cells)}`
}
