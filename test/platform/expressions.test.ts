/** Every regular expression of the source is written there as a literal, and runs in linear time. */
import { globSync, readFileSync } from 'node:fs'
import { parseSync, Visitor } from 'rolldown/utils'
import { describe, expect, it } from 'vitest'
import { isLinear } from '../support/linear-time.ts'

interface Expression {
  readonly file: string
  readonly source: string
  readonly flags: string
}

/** The expressions of the source, and the places that build one from something else. */
function expressionsOfSource(): { literals: Expression[]; built: string[] } {
  const literals: Expression[] = []
  const built: string[] = []
  for (const path of globSync('src/**/*.{ts,js}').filter((name) => !name.endsWith('.test.ts'))) {
    const file = path.replaceAll('\\', '/').slice('src/'.length)
    const text = readFileSync(path, 'utf8')
    const { program, errors } = parseSync(path, text)
    expect(errors, file).toEqual([])
    const textOf = ({ start, end }: { start: number; end: number }) => text.slice(start, end)
    new Visitor({
      Literal(node) {
        if ('regex' in node) literals.push({ file, source: node.regex.pattern, flags: node.regex.flags })
      },
      NewExpression(node) {
        if (/\bRegExp$/.test(textOf(node.callee))) built.push(`${file}: ${textOf(node)}`)
      },
      CallExpression(node) {
        const [given] = node.arguments
        const isConstant = given === undefined || 'regex' in given || /^[A-Z_]+$/.test(textOf(given))
        // These turn any other text into an expression.
        const converts = /\.(?:match|matchAll|search)$/.test(textOf(node.callee)) && !isConstant
        if (converts || /\bRegExp$/.test(textOf(node.callee))) built.push(`${file}: ${textOf(node)}`)
      },
    }).visit(program)
  }
  return { literals, built }
}

/** Expressions that the check refuses, with the reason why they are safe. */
const SAFE_BY_INPUT: readonly { file: string; source: string; why: string }[] = [
  {
    file: 'pages/assets.ts',
    source: String.raw`\/\*.*?\*\/\n?`,
    why: 'It gets only our own style, once at start.',
  },
  ...[String.raw`\/\*\*.*?\*\/ ?`, String.raw`^ *\/\/ .*$`].map((source) => ({
    file: 'pages/assets.ts',
    source,
    why: 'It gets only our own scripts, once at start.',
  })),
  {
    file: 'lib/json-names.ts',
    source: String.raw`[[\]{}]|-?\d[\d.eE+-]*|"(?:[^"\\]|\\.)*"(\s*:)?`,
    why: 'Only a string without an end takes long. The text is at most 256 KiB that JSON.parse has accepted, so that every string ends.',
  },
  {
    file: 'auth/account/profile-values.ts',
    source: String.raw`\p{RGI_Emoji}`,
    why: 'It is a fixed list of short texts. The check does not support the flag v.',
  },
]

const { literals, built } = expressionsOfSource()

describe('the regular expressions of the source', () => {
  it('are literals [API-04]', () => {
    expect(literals.length).toBeGreaterThan(100)
    expect(built).toEqual([])
  })

  it('run in linear time, or get only text for which they do [API-04]', () => {
    const slow = literals.filter(({ source, flags }) => flags.includes('v') || !isLinear(source, flags))
    expect(slow.map(({ file, source }) => `${file} ${source}`)).toEqual(
      SAFE_BY_INPUT.map(({ file, source }) => `${file} ${source}`),
    )
  })
})

describe('the check for linear time', () => {
  it.each([
    /^(a|a)*$/,
    /^(a+)+$/,
    /^(a*)*$/,
    /^(?:a?b?)*$/,
    /^(?:a(?:b?|c?)d)*$/,
    /^(?:a{1,3}){1,}$/,
    /^(?:\w|_)+$/,
    /^(?:k|K)+$/i,
    /^a*x?a*$/,
    /^.*a.*$/,
    /^[^:]*\b(?:email|name)\b[^:]*$/,
    /=+$/,
    /^\s+|\s+$/g,
    /(?:ab)+c/,
    /"(?:[^"\\]|\\.)*"/,
    /a+(?:[ab]*c)?/g,
    /x(?=[^y]*y)/g,
  ])('refuses %s', ({ source, flags }) => {
    expect(isLinear(source, flags)).toBe(false)
  })

  it.each([
    /^a+$/,
    /a+/g,
    /xa*y/,
    /"[^"]*"/y,
    /\{(\w+)\}/g,
    /^(?:ab)*a$/,
    /^(?:a|b)*$/,
    /^(?:K|x)+$/,
    /^[a-z]+(?:-[a-z]+)*$/,
    /^a{0,300}b?a{0,300}$/,
    /^(?!.*\.$)[a-z](?:[a-z-]*[a-z])?$/,
  ])('accepts %s', ({ source, flags }) => {
    expect(isLinear(source, flags)).toBe(true)
  })

  it('does not accept what it does not know', () => {
    expect(() => isLinear(String.raw`(a)\1`, '')).toThrow('unknown')
    expect(() => isLinear('(?<=a+)b', '')).toThrow('unknown')
    expect(() => isLinear('a', 'v')).toThrow('unknown')
  })
})
