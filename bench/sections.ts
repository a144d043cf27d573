/**
 * The results of each part, kept for the page as a JSON file in `.cache/bench/`. Other measurements can write such
 * a file too, and the page includes it.
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
  /** The name of the file. It sets the position in the page; unknown names come last. */
  readonly name: string
  readonly title: string
  readonly paragraphs: readonly string[]
  readonly tables: readonly Table[]
  readonly goals: readonly Judged[]
  /** The bars of the plot. */
  readonly bars?: readonly Bar[]
}

export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export interface Bar {
  readonly group: string
  readonly label: string
  /** Speed relative to the floor, which is 1. Greater than 0. */
  readonly floors: number
  readonly isOurs: boolean
}

/** A section with when and where it was measured. */
export interface SavedSection extends Section {
  /** The day, in ISO 8601. */
  readonly date: string
  /** The short hash of this repository's commit. */
  readonly commit: string
  readonly machine: string
}

/** Saves a section for the page. Replaces an older one with the same name. */
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

/** Every saved section, by name. */
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
  // Over 15 minutes, including this run. Well above the number of cores means that other programs were running.
  const load = loadavg()[2]?.toFixed(1)
  return `${platform()} ${arch()}, ${cores} cores (${model}), ${memory} GiB, Node ${process.versions.node}; load average ${load}`
}
