/**
 * Checks that a backtracking matcher runs an expression in linear time, by the theory of Weber and Seidl, On the degree of
 * ambiguity of finite automata (1991). The expression becomes an automaton with one state per character that it reads.
 * Time is more than linear if one loop can read a text in two ways, or if two loops can share it: `(a|a)*$`, `a*a*$`,
 * and `=+$`, where the search for a place to start is the first loop.
 *
 * The check errs on the safe side: it assumes that word boundaries always hold, and reads look-aheads in addition.
 */
import { type AST, RegExpParser } from '@eslint-community/regexpp'
import { toUnicodeSet } from 'regexp-ast-analysis'

type Letters = readonly { readonly min: number; readonly max: number }[]

/** Reads one letter. */
interface State {
  readonly reads: Letters
  /** The states that can follow, each with the number of ways to get there. */
  readonly next: Map<State, number>
  /** Whether the expression has matched here, whatever follows. */
  accepts: boolean
}

/** A part of the automaton: the number of ways past it, and the states that begin and end it. */
interface Part {
  readonly empty: number
  readonly first: ReadonlyMap<State, number>
  readonly last: ReadonlyMap<State, number>
}

// Two letters beyond Unicode, which `^` and `$` read.
const START: Letters = [{ min: 0x110000, max: 0x110000 }]
const END: Letters = [{ min: 0x110001, max: 0x110001 }]
const NOT_END: Letters = [{ min: 0, max: 0x110000 }]

const NOTHING: Part = { empty: 1, first: new Map(), last: new Map() }

/** @throws {Error} The expression has a construct that this check does not support. */
export function isLinear(source: string, flags: string): boolean {
  const states = automatonOf(new RegExpParser().parseLiteral(`/${source}/${flags}`))
  const haveCommon = commonLetters(states)
  const loops = loopsIn(states)
  return (
    !loops.some((loop) => readsInTwoWays(loop, haveCommon)) &&
    !loops.some((one) => loops.some((other) => one !== other && canShare(one, other, haveCommon)))
  )
}

function automatonOf({ pattern, flags }: AST.RegExpLiteral): State[] {
  // A class of this mode can read several characters at once.
  if (flags.unicodeSets) throw new Error('unknown: the flag v')
  const states: State[] = []
  const stateOf = (reads: Letters): State => {
    const state = { reads, next: new Map(), accepts: false }
    states.push(state)
    return state
  }

  const reading = (reads: Letters): Part => {
    const state = stateOf(reads)
    return { empty: 0, first: new Map([[state, 1]]), last: new Map([[state, 1]]) }
  }

  const anyOf = (parts: readonly Part[]): Part => ({
    empty: parts.reduce((sum, { empty }) => sum + empty, 0),
    first: new Map(parts.flatMap(({ first }) => [...first])),
    last: new Map(parts.flatMap(({ last }) => [...last])),
  })

  const then = (one: Part, other: Part): Part => {
    connect(one, other)
    return {
      empty: one.empty * other.empty,
      first: new Map([...one.first, ...times(other.first, one.empty)]),
      last: new Map([...other.last, ...times(one.last, other.empty)]),
    }
  }

  const repeat = ({ min, max, element }: AST.Quantifier): Part => {
    // A repetition that reads nothing does not count.
    const again = () => ({ ...partOf(element), empty: 0 })
    let rest = NOTHING
    if (max === Number.POSITIVE_INFINITY) {
      const loop = again()
      connect(loop, loop)
      rest = { ...loop, empty: 1 }
    } else {
      for (let left = max - min; left > 0; left--) rest = { ...then(again(), rest), empty: 1 }
    }
    for (let left = min; left > 0; left--) rest = then(partOf(element), rest)
    return rest
  }

  const partOf = (node: AST.Element): Part => {
    switch (node.type) {
      case 'Character':
      case 'CharacterSet':
      case 'CharacterClass':
      case 'ExpressionCharacterClass':
        return reading(toUnicodeSet(node, flags).chars.ranges)
      case 'Group':
      case 'CapturingGroup':
        return anyOf(node.alternatives.map(sequence))
      case 'Quantifier':
        return repeat(node)
      case 'Assertion':
        return asserting(node)
      default:
        throw new Error(`unknown: ${node.raw}`)
    }
  }

  const asserting = (node: AST.Assertion): Part => {
    if (node.kind === 'word') return NOTHING
    if (node.kind === 'lookahead')
      return { ...anyOf(node.alternatives.map(sequence)), empty: 1, last: new Map() }
    if (node.kind === 'lookbehind') {
      if (/[*+{]/.test(node.raw)) throw new Error(`unknown: ${node.raw}`)
      return NOTHING
    }
    const edge = reading(node.kind === 'start' ? START : END)
    return flags.multiline ? { ...edge, empty: 1 } : edge
  }

  const sequence = ({ elements }: { readonly elements: readonly AST.Element[] }): Part =>
    elements.map(partOf).reduceRight((rest, part) => then(part, rest), NOTHING)

  const whole = anyOf(pattern.alternatives.map(sequence))
  for (const state of whole.last.keys()) state.accepts = true
  // Each search begins here. With the flag `y` alone, its place is fixed.
  const search = stateOf(NOT_END)
  if (flags.global || !flags.sticky) search.next.set(search, 1)
  for (const [state, ways] of whole.first) search.next.set(state, ways)
  return states
}

function connect({ last }: Part, { first }: Part): void {
  for (const [from, out] of last)
    for (const [to, ways] of first) from.next.set(to, (from.next.get(to) ?? 0) + out * ways)
}

function times(ways: ReadonlyMap<State, number>, factor: number): [State, number][] {
  return factor === 0 ? [] : [...ways].map(([state, count]) => [state, count * factor])
}

type HaveCommon = (...states: readonly State[]) => boolean

/** Whether some letter is read by all of these states. */
function commonLetters(states: readonly State[]): HaveCommon {
  const bounds = [...new Set(states.flatMap(({ reads }) => reads.flatMap(({ min, max }) => [min, max + 1])))]
  const places = new Map(bounds.sort((a, b) => a - b).map((bound, place) => [bound, BigInt(place)]))
  const below = (bound: number) => (1n << (places.get(bound) ?? 0n)) - 1n
  const sets = new Map(
    states.map((state) => [
      state,
      state.reads.reduce((set, { min, max }) => set | (below(max + 1) ^ below(min)), 0n),
    ]),
  )
  return (...some) => some.reduce((set, state) => set & (sets.get(state) ?? 0n), -1n) !== 0n
}

type Loop = ReadonlySet<State>

/** The sets of states that can reach each other and themselves. */
function loopsIn(states: readonly State[]): Loop[] {
  const reached = new Map(states.map((state) => [state, reachedFrom([state], ({ next }) => next.keys())]))
  const loops = states.flatMap((state) =>
    reached.get(state)?.has(state)
      ? [new Set([...(reached.get(state) ?? [])].filter((other) => reached.get(other)?.has(state)))]
      : [],
  )
  return [...new Map(loops.map((loop) => [states.find((state) => loop.has(state)), loop])).values()]
}

/** Everything that is reached in one step or more. */
function reachedFrom<Node>(start: Iterable<Node>, next: (node: Node) => Iterable<Node>): Set<Node> {
  const found = new Set<Node>()
  const waiting = [...start]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop())
    for (const other of next(node)) {
      if (found.has(other)) continue
      found.add(other)
      waiting.push(other)
    }
  return found
}

/** Whether two different ways around a loop read the same text. */
function readsInTwoWays(loop: Loop, haveCommon: HaveCommon): boolean {
  if ([...loop].some(({ next }) => [...next].some(([to, ways]) => ways > 1 && loop.has(to)))) return true
  const pairs = tuples<readonly [State, State]>()
  const after = function* ([one, other]: readonly [State, State]) {
    for (const to of one.next.keys())
      for (const too of other.next.keys())
        if (loop.has(to) && loop.has(too) && haveCommon(to, too)) yield pairs(to, too)
  }
  const [any] = loop
  if (any === undefined) return false
  const parted = [...reachedFrom([pairs(any, any)], after)].filter(([one, other]) => one !== other)
  // From a pair of different states back to one state, for the same text.
  return [...reachedFrom(parted, after)].some(([one, other]) => one === other)
}

/** Whether a text leads around one loop, around another, and from the one to the other. */
function canShare(one: Loop, other: Loop, haveCommon: HaveCommon): boolean {
  const triples = tuples<readonly [State, State, State]>()
  // If the other loop accepts a text on its way, it matches, and nothing else is tried.
  const open = [...other].filter(({ accepts }) => !accepts)
  const after = function* ([around, across, beyond]: readonly [State, State, State]) {
    for (const first of around.next.keys()) {
      if (!one.has(first)) continue
      for (const third of beyond.next.keys()) {
        if (!open.includes(third) || !haveCommon(first, third)) continue
        for (const second of across.next.keys())
          if (haveCommon(first, second, third)) yield triples(first, second, third)
      }
    }
  }
  return [...one].some((p) => open.some((q) => reachedFrom([triples(p, p, q)], after).has(triples(p, q, q))))
}

/** Gives the same object for the same states. */
function tuples<Tuple extends readonly State[]>(): (...states: Tuple) => Tuple {
  const ids = new Map<State, number>()
  const known = new Map<string, Tuple>()
  return (...states) => {
    const key = states
      .map((state) => {
        const id = ids.get(state) ?? ids.size
        ids.set(state, id)
        return id
      })
      .join()
    const tuple = known.get(key) ?? states
    known.set(key, tuple)
    return tuple
  }
}
