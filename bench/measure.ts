/** Alternating rounds, and statistics over them. */

/** The median and the range of several rounds. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** @param values - One or more. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values) }
}

/** @param q - 0 to 1. Between two values it is interpolated linearly. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new TypeError('a quantile needs at least one value')
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * q
  const below = sorted[Math.floor(place)] as number
  const above = sorted[Math.ceil(place)] as number
  return below + (above - below) * (place - Math.floor(place))
}

/** The ratios of two series, round by round, because a disturbance in a round affects both. */
export function ratiosOf(first: readonly number[], second: readonly number[]): number[] {
  if (first.length !== second.length) throw new TypeError('the series have different numbers of rounds')
  return first.map((value, round) => value / (second[round] as number))
}

/**
 * Measures each in turn, A B C, B C A, C A B, so that none always has the same position.
 *
 * @returns The results of each, in the order of the rounds.
 */
export async function alternate<Name extends string, Result>(
  rounds: number,
  measures: Readonly<Record<Name, () => Promise<Result>>>,
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(measures) as Name[]
  const results = Object.fromEntries(names.map((name) => [name, [] as Result[]])) as Record<Name, Result[]>
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length
    for (const name of [...names.slice(first), ...names.slice(0, first)])
      results[name].push(await measures[name]())
  }
  return results
}
