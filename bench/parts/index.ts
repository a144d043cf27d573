/**
 * The parts of a run, one per file. Each measures one thing on all its sides and returns a section of the page.
 *
 * @module
 */
import type { GeneratorName } from '../drive.ts'
import { type GoalName, type Judged, judge } from '../goals.ts'
import type { Place } from '../place.ts'
import type { Section } from '../sections.ts'

/** The tools of a part. */
export interface Bench {
  readonly place: Place
  readonly generator: GeneratorName
  readonly isQuick: boolean
  /** Reports progress. */
  say(line: string): void
  /** Reports a skipped measurement and its reason. @returns The same sentence for the page. */
  skip(what: string): string
}

export type Part = (bench: Bench) => Promise<Section>

/** Judges the measured goals. A quick run judges only those that have a guard. */
export function judgeAll(
  measured: Partial<Record<GoalName, readonly number[] | undefined>>,
  isQuick: boolean,
): Judged[] {
  return (Object.keys(measured) as GoalName[]).flatMap((name) => {
    const values = measured[name]
    return values === undefined ? [] : (judge(name, values, { isQuick }) ?? [])
  })
}
