/**
 * What the types of a small program cost the type checker: with Bienvenue, with better-auth, and with neither. Run `npm run build`
 * and `npm ci --prefix bench` first, then `node bench/types.ts`.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { alternate, spreadOf } from './measure.ts'

const ROOT = join(import.meta.dirname, '..')
const PLACE = join(ROOT, '.cache', 'bench-types')
const ROUNDS = 5

/** Both begin with the same imports, so that the difference is that of the library. */
const SHARED = `
import { createServer } from 'node:http'
import { z } from 'zod'
const schema = z.object({ plan: z.enum(['free', 'pro']), company: z.string().optional() })
export type Metadata = z.infer<typeof schema>
export const server = createServer()
`

const PROGRAMS = {
  neither: SHARED,
  Bienvenue: `${SHARED}
import { createAuth } from 'bienvenue-auth'
export const auth = await createAuth({ databaseUrl: 'sqlite::memory:', metadataSchema: { public: schema } })
export async function planOf(headers: Headers): Promise<'free' | 'pro' | undefined> {
  return (await auth.getSession(headers))?.user.metadata.plan
}
export async function signIn(email: string, password: string) {
  return auth.signIn.withPassword({ email, password })
}
export const changed = await auth.users.update(1, { metadata: { plan: 'pro' } })
`,
  'better-auth': `${SHARED}
import { betterAuth } from 'better-auth'
import { DatabaseSync } from 'node:sqlite'
export const auth = betterAuth({
  database: new DatabaseSync(':memory:'),
  emailAndPassword: { enabled: true },
  user: { additionalFields: { plan: { type: ['free', 'pro'], input: false }, company: { type: 'string', required: false } } },
})
export async function planOf(headers: Headers): Promise<'free' | 'pro' | null | undefined> {
  return (await auth.api.getSession({ headers }))?.user.plan
}
export async function signIn(email: string, password: string) {
  return auth.api.signInEmail({ body: { email, password } })
}
export const changed = await auth.api.updateUser({ body: { company: 'Bienvenue' } })
`,
} as const

/** The lines of `--extendedDiagnostics` that the report shows. */
const SHOWN = ['Files', 'Types', 'Instantiations', 'Memory used', 'Check time', 'Total time'] as const

const COMPILER_OPTIONS = {
  module: 'nodenext',
  target: 'es2024',
  types: ['node'],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
}

rmSync(PLACE, { recursive: true, force: true })
mkdirSync(join(PLACE, 'node_modules'), { recursive: true })
symlinkSync(ROOT, join(PLACE, 'node_modules', 'bienvenue-auth'))
symlinkSync(
  join(import.meta.dirname, 'node_modules', 'better-auth'),
  join(PLACE, 'node_modules', 'better-auth'),
)
writeFileSync(join(PLACE, 'package.json'), '{"type":"module"}')

const measures = Object.entries(PROGRAMS).map(([name, source]) => {
  writeFileSync(join(PLACE, `${name}.ts`), source)
  const project = join(PLACE, `${name}.json`)
  writeFileSync(project, JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: [`${name}.ts`] }))
  return [name, async () => check(project)] as const
})
const results = await alternate(ROUNDS, Object.fromEntries(measures))
console.log(`| | ${Object.keys(PROGRAMS).join(' | ')} |`)
console.log(`|---|${'---|'.repeat(Object.keys(PROGRAMS).length)}`)
for (const line of SHOWN) {
  const cells = Object.keys(PROGRAMS).map((name) => {
    const { median, min, max } = spreadOf((results[name] ?? []).map((read) => read[line] ?? Number.NaN))
    return min === max ? `${median}` : `${median} (${min}–${max})`
  })
  console.log(`| ${line} | ${cells.join(' | ')} |`)
}
rmSync(PLACE, { recursive: true, force: true })

/** Type-checks a project. @returns Its diagnostics: seconds, KB or counts. */
function check(project: string): Record<string, number> {
  const compiler = join(ROOT, 'node_modules', '.bin', 'tsc')
  const { status, stdout } = spawnSync(compiler, ['-p', project, '--extendedDiagnostics'], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stdout)
  return Object.fromEntries(
    [...stdout.matchAll(/^([A-Z][\w/ ]+):\s+([\d.]+)/gm)].map(([, name = '', value]) => [
      name,
      Number(value),
    ]),
  )
}
