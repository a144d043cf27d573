/** Makes the page and its plot from the sections. */
import { type Judged, significant } from './goals.ts'
import type { Bar, SavedSection, Table } from './sections.ts'

const NOTE = '<!-- Made by `npm run bench`. Do not change it by hand. -->'

const HEAD = `# Benchmarks

\`npm run bench\` makes this page. It starts every server as a process of its own on loopback, looks whether each
answers what it should, drives them in turn (A B C, B C A, …) with the same load generator over 32 connections, and
fails where a request is lost or refused. Load generator, databases and servers share the machine, so only figures of
one run may be compared, best as ratios; a ratio is taken round by round, and what stands here is the median, with
the least and the greatest round in parentheses. CPU is user and system time of the server and its children, without
the database server's. Nothing of Bienvenue is turned off but where it says so. Under each table stands the load
average of the last quarter of an hour: where it is well above the number of cores, others were at work on the machine,
and CPU of a request tells more than requests a second.

\`npm run bench -- --only check\` runs a part alone, \`--quick\` a small run without peers, which \`npm test\` makes too
and which holds wide bounds only. The code is in [bench/](../bench/main.ts); what it is measured against is pinned in
[bench/package.json](../bench/package.json). What holds the goals that are missed says
[performance.md](performance.md).`

/** `docs/benchmarks.md`. */
export function pageOf(sections: readonly SavedSection[], versions: Table): string {
  const goals = sections.flatMap((section) => section.goals)
  const missed = goals.filter(({ held }) => !held).length
  const verdict =
    missed === 0
      ? `All ${goals.length} goals are reached.`
      : `${goals.length - missed} of ${goals.length} goals are reached.`
  return `${[
    NOTE,
    HEAD,
    '![Session checks per second, relative to the floor](benchmarks.svg)',
    `## Goals\n\n${verdict}`,
    markdownTable(goalTable(goals)),
    ...sections.map(sectionText),
    '## Versions',
    markdownTable(versions),
  ].join('\n\n')}\n`
}

/** A table of goals and measurements. */
export function goalTable(goals: readonly Judged[]): Table {
  return {
    columns: ['What', 'Goal', 'Measured', ''],
    rows: goals.map(({ what, wanted, measured, held }) => [
      what,
      wanted,
      measured,
      held ? 'reached' : '**missed**',
    ]),
  }
}

function sectionText({ title, paragraphs, tables, date, commit, machine }: SavedSection): string {
  const measured = `Measured on ${date} at commit ${commit}: ${machine}.`
  return [`## ${title}`, ...paragraphs, ...tables.map(markdownTable), measured].join('\n\n')
}

function markdownTable({ columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(columns), `|${'---|'.repeat(columns.length)}`, ...rows.map(line)].join('\n')
}

/** The table as aligned text, for a terminal. */
export function plainTable({ columns, rows }: Table): string {
  const lines = [columns, ...rows].map((cells) => cells.map((cell) => cell.replaceAll(/[`*]/g, '')))
  const widths = columns.map((_, at) => Math.max(...lines.map((cells) => cells[at]?.length ?? 0)))
  return lines
    .map((cells) =>
      cells
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const PLOT = { width: 720, labels: 230, right: 70, bar: 18, row: 26, group: 40, top: 34, bottom: 30 }
/** The axis: from a thousandth of the floor to the floor. */
const DECADES = 3

/** `docs/benchmarks.svg`: bars on a logarithmic axis, on a light or a dark page. */
export function plotOf(bars: readonly Bar[]): string {
  const span = PLOT.width - PLOT.labels - PLOT.right
  const place = (floors: number) =>
    PLOT.labels + span * Math.min(1, Math.max(0, 1 + Math.log10(floors) / DECADES))
  const parts: string[] = []
  let y = PLOT.top
  for (const [group, ofGroup = []] of Map.groupBy(bars, (bar) => bar.group)) {
    parts.push(text(8, y + 14, group, 'group'))
    y += PLOT.group - 14
    for (const { label, floors, isOurs } of ofGroup) {
      const end = place(floors)
      const middle = y + PLOT.bar - 5
      parts.push(
        text(PLOT.labels - 8, middle, label, 'label'),
        `<rect x="${PLOT.labels}" y="${y}" width="${(end - PLOT.labels).toFixed(1)}" height="${PLOT.bar}" rx="2" class="${isOurs ? 'ours' : 'other'}"/>`,
        text(end + 6, middle, significant(floors), 'value'),
      )
      y += PLOT.row
    }
    y += PLOT.group - PLOT.row
  }
  const ticks = Array.from({ length: DECADES + 1 }, (_, decade) => 10 ** (decade - DECADES)).flatMap(
    (floors) => {
      const x = place(floors).toFixed(1)
      return [
        `<line x1="${x}" x2="${x}" y1="${PLOT.top}" y2="${y - 10}" class="grid"/>`,
        text(Number(x), y + 6, String(floors), 'tick'),
      ]
    },
  )
  const title = 'Session checks per second, relative to a bare node:http look-up (logarithmic)'
  const height = y + PLOT.bottom - 10
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${PLOT.width} ${height}" width="${PLOT.width}" height="${height}" role="img" aria-label="${title}">
<style>
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title, .group { font-weight: 600 }
  .label { text-anchor: end }
  .tick { text-anchor: middle; fill: #59636e }
  .grid { stroke: #d1d9e0 }
  .ours { fill: #1f6feb }
  .other { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .tick { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .ours { fill: #4493f8 }
    .other { fill: #6e7681 }
  }
</style>
${[text(8, 20, title, 'title'), ...ticks, ...parts].join('\n')}
</svg>
`
}

function text(x: number, y: number, content: string, kind: string): string {
  return `<text x="${x.toFixed(1)}" y="${y}" class="${kind}">${content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`
}
