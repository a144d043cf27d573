/** Generates docs/reference/api.md: every name that the package exports, with its type. */
import { API, type Symbol as CompilerSymbol, type Type } from 'typescript/unstable/sync'
import { GENERATED, type Page } from './page.ts'

/** The entry points of the package, and their sources. */
const ENTRY_POINTS = {
  'bienvenue-auth': 'src/index.ts',
  'bienvenue-auth/node': 'src/node.ts',
  'bienvenue-auth/client': 'src/client/index.ts',
  ...Object.fromEntries(
    ['express', 'fastify', 'h3', 'hono', 'next', 'sveltekit'].map((name) => [
      `bienvenue-auth/adapters/${name}`,
      `src/adapters/${name}.ts`,
    ]),
  ),
}

/** What errors have from `Error`. */
const OF_EVERY_ERROR = new Set(['stack', 'cause'])

/** TypeScript's `NoTruncation`. */
const WHOLE = 1
/** TypeScript's `InTypeAlias`: what a name stands for. */
const MEANING = 1 << 23

export const api: Page = {
  path: 'docs/reference/api.md',
  write() {
    const compiler = new API()
    try {
      return [GENERATED, ...HEAD, ...report(compiler)].join('\n')
    } finally {
      compiler.close()
    }
  },
}

const HEAD = [
  '',
  '# The library: every name and its type',
  '',
  'A change of this page is a change of the public API: see [what a version number promises](stability.md). The comments in the',
  'sources, which editors show, are the contract.',
  '',
]

function report(compiler: API): string[] {
  const [project] = compiler.updateSnapshot({ openProject: 'tsconfig.json' }).getProjects()
  if (project === undefined) throw new Error('the compiler found no project')
  const { checker, program } = project

  const textOf = (type: Type) => checker.typeToString(type, undefined, WHOLE)

  /** The properties of an object, each in a line; those of a topic of functions below it. */
  function members(type: Type, prefix: string): string[] {
    // The compiler lists the members of a mapped type in an order that unrelated changes move.
    const byName = checker.getPropertiesOfType(type).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    return byName.flatMap((member) => {
      const own = checker.getTypeOfSymbol(member)
      if (own === undefined) throw new Error(`the compiler has no type of ${member.name}`)
      const text = textOf(own)
      if (OF_EVERY_ERROR.has(member.name)) return []
      // The topics of the library are modules bound to a database, those of the client are objects of calls.
      if (/^(?:With<)?Bound<|^\{ readonly \w+: \(.*=> Promise<Result</.test(text))
        return members(own, `${prefix}${member.name}.`)
      return [`${prefix}${member.name}: ${text}`]
    })
  }

  function entry(symbol: CompilerSymbol): string[] {
    const value = checker.getTypeOfSymbol(symbol)
    const valueText = value === undefined ? 'any' : textOf(value)
    const declared = checker.getDeclaredTypeOfSymbol(symbol)
    const declaredText = checker.typeToString(declared, undefined, WHOLE | MEANING)
    if (valueText !== 'any' && !valueText.startsWith('typeof ')) return [`${symbol.name}: ${valueText}`]
    // A name for something else, such as a union, is printed as what it is.
    if (declaredText !== symbol.name && !declaredText.startsWith(`${symbol.name}<`))
      return [`type ${symbol.name} = ${declaredText}`]
    return [
      `${valueText.startsWith('typeof ') ? 'class' : 'interface'} ${symbol.name}`,
      ...members(declared, '  '),
    ]
  }

  return Object.entries(ENTRY_POINTS).flatMap(([name, file]) => {
    const source = program.getSourceFile(file)
    const module = source && checker.getSymbolAtLocation(source)
    if (module === undefined) throw new Error(`the compiler found no module in ${file}`)
    const exported = checker.getExportsOfModule(module).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    return [`## ${name}`, '', '```ts', ...exported.flatMap(entry), '```', '']
  })
}
