/**
 * The results of a part, as they wait for the page: one JSON file each in `.cache/bench/`. Whoever measures
 * something else writes such a file, and the page takes it in.
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, loadavg, platform, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Judged } from './goals.ts'

const FOLDER = '.cache/bench'
const BYTES_PER_GIB = 2 ** 30

/** A part of `docs/internals/benchmarks.md`. Text is Markdown. */
export interface Section {
  /** The file's name, and its place in the page: those that the page does not know come last. */
  readonly name: string
  readonly title: string
  readonly paragraphs: readonly string[]
  readonly tables: readonly Table[]
  readonly goals: readonly Judged[]
  /** For the plot: speed in floors. */
  readonly bars?: readonly Bar[]
}

export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export interface Bar {
  readonly group: string
  readonly label: string
  /** Greater than 0; 1 is the floor. */
  readonly floors: number
  readonly isOurs: boolean
}

/** A section with when and where it was measured. */
export interface SavedSection extends Section {
  /** ISO 8601, the day. */
  readonly date: string
  /** Of this repository, shortened. */
  readonly commit: string
  readonly machine: string
}

/** Keeps a section for the page, in place of an older one of that name. */
export function saveSection(section: Section): SavedSection {
  const saved = {
    ...section,
    date: new Date().toISOString().slice(0, 'yyyy-mm-dd'.length),
    commit:
      spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout?.trim() || 'unknown',
    machine: machineOf(),
  }
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, `${section.name}.json`), `${JSON.stringify(saved, null, 2)}\n`)
  return saved
}

/** Every section that was kept, by name. */
export function loadSections(): Map<string, SavedSection> {
  const sections = globSync('*.json', { cwd: FOLDER }).map(
    (file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as SavedSection,
  )
  return new Map(sections.map((section) => [section.name, section]))
}

function machineOf(): string {
  const model = cpus()[0]?.model.trim() || 'unknown'
  const memory = Math.round(totalmem() / BYTES_PER_GIB)
  const cores = availableParallelism()
  // Of a quarter of an hour, our own among it: well above the number of cores, others were at work too.
  const load = loadavg()[2]?.toFixed(1)
  return `${platform()} ${arch()}, ${cores} cores (${model}), ${memory} GiB, Node ${process.versions.node}; load average ${load}`
}
