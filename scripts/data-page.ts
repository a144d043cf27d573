/** Generates the parts of docs/reference/data.md that come from the registry of tables. */
import { TABLES } from '../src/db/index.ts'
import type { Table } from '../src/db/tables/table.ts'

const EXPORTS = { user: '`POST /profile/export`', operator: '`bienvenue export`' }

/** Returns the page with its generated parts replaced. Each part is between two comments that name it. */
export function dataPage(page: string): string {
  const tables: [string, Table][] = Object.entries(TABLES)
  const parts = {
    tables: tables.map(([name, table]) => sectionOf(name, table)).join('\n\n'),
    'clean-up': rows(
      ['It removes', 'Counted as', 'When', 'By'],
      tables.flatMap(([, { cleanUps }]) =>
        Object.entries(cleanUps).map(([name, { what, when, settings }]) => [
          what,
          `\`${name}\``,
          when,
          settings.map((setting) => `\`${setting}\``).join(', '),
        ]),
      ),
    ),
    account: rows(
      ['Table', 'Afterwards', 'Exported by'],
      tables.map(([name, { afterAccount, exportedBy }]) => [
        `\`${name}\``,
        afterAccount,
        exportedBy.map((by) => EXPORTS[by]).join(', '),
      ]),
    ),
  }
  return Object.entries(parts).reduce((written, [name, text]) => {
    const [begin, end] = [
      `<!-- ${name}: generated from src/db/tables/ by \`npm run docs\` -->`,
      `<!-- /${name} -->`,
    ]
    const [before, rest] = written.split(begin)
    const after = rest?.split(end)[1]
    if (before === undefined || after === undefined)
      throw new Error(`docs/reference/data.md lacks ${begin} or ${end}`)
    return `${before}${begin}\n\n${text}\n\n${end}${after}`
  }, page)
}

function sectionOf(name: string, { columns, retention }: Table): string {
  const cells = Object.entries(columns).map(([column, about]) => [
    `\`${column}\``,
    about.about,
    about.class,
    about.protection ?? '',
    about.kept ?? '–',
    about.log,
  ])
  return `## \`${name}\`\n\n${retention}\n\n${rows(['Column', 'Holds', 'Class', 'Protection', 'Kept', 'Log'], cells)}`
}

function rows(head: readonly string[], cells: readonly (readonly string[])[]): string {
  const lines = cells.map((row) => `| ${row.join(' | ')} |`)
  return [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...lines]
    .join('\n')
    .replaceAll('|  |', '| |')
}
