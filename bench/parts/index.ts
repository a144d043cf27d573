/**
 * The parts of a run. A file each: it measures one thing on all its sides, and tells it as a section of the page.
 *
 * @module
 */
import type { GeneratorName } from '../drive.ts'
import { type GoalName, type Judged, judge } from '../goals.ts'
import type { Place } from '../place.ts'
import type { Section } from '../sections.ts'

/** What a part is given. */
export interface Bench {
  readonly place: Place
  readonly generator: GeneratorName
  readonly isQuick: boolean
  /** Tells whoever waits how far it is. */
  say(line: string): void
  /** Tells what is left out, and why. @returns The same for the page. */
  skip(what: string): string
}

export type Part = (bench: Bench) => Promise<Section>

/** Each goal that was measured, judged; quick runs keep what they have a guard for. */
export function judgeAll(
  measured: Partial<Record<GoalName, readonly number[] | undefined>>,
  isQuick: boolean,
): Judged[] {
  return (Object.keys(measured) as GoalName[]).flatMap((name) => {
    const values = measured[name]
    return values === undefined ? [] : (judge(name, values, { isQuick }) ?? [])
  })
}
