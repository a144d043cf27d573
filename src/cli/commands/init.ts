import { existsSync, lstatSync } from 'node:fs'
import { type Command, type CommandInput, UsageError } from '../command.ts'
import { assertPlainPath, type ProjectFile, saveFiles } from '../init/files.ts'
import { type Addition, FRAMEWORKS, type Framework, type Plan } from '../init/frameworks.ts'
import { type Project, readProject, textOf } from '../init/project.ts'
import { canAsk, confirmed, hint, jsonLine, print } from '../terminal.ts'
import { version } from '../version.ts'

const FRAMEWORK_NAMES = FRAMEWORKS.map(({ name }) => name)
const IGNORED = 'bienvenue.db*'

export const init: Command = {
  name: 'init',
  summary: 'Connect the application in this folder: write the few lines that its framework needs',
  flags: {
    framework: {
      type: 'string',
      help: `The framework, if the detected one is wrong: ${FRAMEWORK_NAMES.join(', ')}`,
    },
    force: { type: 'boolean', help: 'Replace existing files without asking' },
    'dry-run': { type: 'boolean', help: 'Show what would be written, without writing it' },
  },
  toleratesProblems: true,
  async run({ flags, json }) {
    const project = readProject()
    const framework = frameworkOf(project, flags.framework as string | undefined)
    const plan = framework.plan(project)
    const { changes, additions } = compare(plan)
    for (const { path } of changes) assertPlainPath(path)
    const isDryRun = flags['dry-run'] === true
    if (!isDryRun) {
      if (!(await mayReplace(changes, flags))) return 1
      saveFiles(changes.filter(({ kind }) => kind !== 'unchanged'))
    }
    const next = nextSteps(project, plan, additions)
    if (json) {
      const files = changes.map(({ path, kind, text }) => ({ path, change: kind, ...(isDryRun && { text }) }))
      const language = project.isTypeScript ? 'typescript' : 'javascript'
      await print(
        jsonLine({ framework: framework.name, language, written: !isDryRun, files, additions, next }),
      )
    } else {
      await print(report({ project, framework, changes, additions, next, isDryRun }))
    }
    return 0
  },
}

/** What happens to a file. */
interface Change extends ProjectFile {
  readonly kind: 'created' | 'replaced' | 'extended' | 'unchanged'
}

/** @throws {UsageError} There is no framework of this name. */
function frameworkOf({ packages }: Project, wanted: string | undefined): Framework {
  const found = FRAMEWORKS.find(({ name, isPackage }) =>
    wanted === undefined ? packages.some(isPackage) || name === 'node' : name === wanted,
  )
  if (found === undefined) throw new UsageError(`--framework must be one of ${FRAMEWORK_NAMES.join(', ')}.`)
  return found
}

/** Compares the plan with the files that exist. */
function compare(plan: Plan): { changes: Change[]; additions: Addition[] } {
  const changes: Change[] = []
  const additions = [...plan.additions]
  for (const { path, text, otherwise } of plan.files) {
    if (!existsSync(path)) changes.push({ path, text, replace: false, kind: 'created' })
    else if (textOf(path) === text) changes.push({ path, text, replace: false, kind: 'unchanged' })
    else if (otherwise !== undefined)
      additions.push({ to: `${path}, which stays as it is`, lines: otherwise })
    else changes.push({ path, text, replace: true, kind: 'replaced' })
  }
  const ignored = textOf('.gitignore')
  if (ignored !== null && !ignored.split(/\r?\n/).includes(IGNORED)) {
    if (lstatSync('.gitignore').isSymbolicLink())
      return {
        changes,
        additions: [...additions, { to: 'the file that .gitignore links to', lines: [IGNORED] }],
      }
    const text = `${ignored.replace(/(?<!\n)$/, '\n')}${IGNORED}\n`
    changes.push({ path: '.gitignore', text, replace: true, kind: 'extended' })
  }
  return { changes, additions }
}

/** Asks about each file that would be replaced, unless `--force` was given. @throws {UsageError} There is no terminal. */
async function mayReplace(changes: readonly Change[], flags: CommandInput['flags']): Promise<boolean> {
  if (flags.force === true) return true
  const paths = changes.filter(({ kind }) => kind === 'replaced').map(({ path }) => path)
  if (paths.length > 0 && !canAsk())
    throw new UsageError(
      `Already exists: ${paths.join(', ')}. Nothing was written. Add --force to replace, or --dry-run to see what would be written.`,
    )
  for (const path of paths) {
    if (await confirmed(flags, `${path} already exists. Replace it?`)) continue
    hint('Nothing was written.')
    return false
  }
  return true
}

function nextSteps({ packages }: Project, { port }: Plan, additions: readonly Addition[]): string[] {
  const path = `./bienvenue-auth-${version()}.tgz`
  return [
    ...(packages.includes('bienvenue-auth') ? [] : [`Install the library: npm install ${path}`]),
    ...(additions.length === 0 ? [] : ['Add the lines above.']),
    `Start your application and open http://localhost:${port}/auth/session. On another port, set BASE_URL to http://localhost:PORT/auth.`,
  ]
}

interface Report {
  readonly project: Project
  readonly framework: Framework
  readonly changes: readonly Change[]
  readonly additions: readonly Addition[]
  readonly next: readonly string[]
  readonly isDryRun: boolean
}

function report({ project, framework, changes, additions, next, isDryRun }: Report): string {
  const language = project.isTypeScript ? 'TypeScript' : 'JavaScript'
  const list = changes.map((change) => `  ${DESCRIPTIONS[change.kind](change.path)}`)
  return [
    `Framework: ${framework.title}, with ${language}. If that is wrong, add --framework NAME.`,
    [isDryRun ? 'Would write:' : 'Files:', ...list].join('\n'),
    ...(isDryRun ? changes.filter(isShown).map(({ path, text }) => `--- ${path}\n${text.trimEnd()}`) : []),
    ...additions.map(({ to, lines }) => `Add to ${to}:\n${lines.map((line) => `  ${line}`).join('\n')}`),
    ['Next:', ...next.map((step, index) => `  ${index + 1}. ${step}`)].join('\n'),
  ].join('\n\n')
}

const DESCRIPTIONS: Readonly<Record<Change['kind'], (path: string) => string>> = {
  created: (path) => `${path} (new)`,
  replaced: (path) => `${path} (replaced)`,
  extended: (path) => `${path} (with the new line ${IGNORED})`,
  unchanged: (path) => `${path} (unchanged)`,
}

function isShown({ kind }: Change): boolean {
  return kind === 'created' || kind === 'replaced'
}
