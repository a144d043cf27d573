/** Programs that use the library and are bundled. docs/guide/library.md says what each bundler needs. */
import { cpSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { install, PATH, succeed } from '../support/installed.ts'
import { run } from '../support/service.ts'
import { temporaryFolder } from '../support/system.ts'

const BUNDLERS = ['esbuild', 'rolldown', 'webpack']

/** Webpack gives them new names and finds them. The others leave them to the developer. */
const DATA_FILES = [
  'pages/browser/*',
  'auth/passwords/policy/common-passwords.txt',
  'db/sqlite/checkpoint-thread.js',
]
const BESIDE = [
  'browser/page.css',
  'browser/page.js',
  'browser/link-page.js',
  'browser/more.js',
  'browser/passkeys.js',
  'browser/signals.js',
  'browser/icon.svg',
  'common-passwords.txt',
  'checkpoint-thread.js',
]

const WORKS = { page: 200, commonPassword: 400, signIn: 200 }

let project: string
const ends: (() => Promise<void> | void)[] = []

beforeAll(async () => {
  project = await install('test/full/bundlers', 'bundlers', (end) => void ends.push(end))
  for (const name of BUNDLERS) {
    const manifest = readFileSync(join(project, 'node_modules', name, 'package.json'), 'utf8')
    console.info(`${name} ${JSON.parse(manifest).version}`)
  }
}, 600_000)
afterAll(() => Promise.all(ends.map((end) => end())))

/** Bundles the program into a folder that has only the packages that are external. */
async function bundle(bundler: string, external: readonly string[]) {
  const folder = join(temporaryFolder(), 'app')
  const args = ['bundle.mjs', bundler, folder, ...external]
  const built = await run(process.execPath, args, { cwd: project, env: { PATH } })
  return { folder, built, start: () => run(process.execPath, [join(folder, 'program.mjs')]) }
}

describe.each(BUNDLERS)('a program bundled with %s', { timeout: 300_000 }, (bundler) => {
  it('works with bienvenue-auth external', async () => {
    const { folder, built } = await bundle(bundler, ['bienvenue-auth'])
    expect(built).toMatchObject({ exitCode: 0 })
    // Deployed with its `node_modules`.
    const target = join(project, bundler)
    cpSync(folder, target, { recursive: true })
    const options = { env: { PATH }, onEnd: (end: () => Promise<void>) => void ends.push(end) }
    expect(JSON.parse(await succeed(process.execPath, [join(target, 'program.mjs')], options))).toEqual(WORKS)
  })

  it('works with only the native module external, next to its data files', async () => {
    const { folder, built, start } = await bundle(bundler, ['@node-rs/bcrypt'])
    expect(built).toMatchObject({ exitCode: 0 })
    const native = globSync('node_modules/@node-rs/*', { cwd: project })
    for (const path of native) cpSync(join(project, path), join(folder, path), { recursive: true })

    if (bundler !== 'webpack') {
      expect((await start()).stderr).toContain('ENOENT')
      const dist = join(project, 'node_modules/bienvenue-auth/dist')
      const files = DATA_FILES.flatMap((pattern) => globSync(pattern, { cwd: dist }))
      expect(files.map((path) => basename(path)).toSorted()).toEqual(
        BESIDE.map((path) => basename(path)).toSorted(),
      )
      mkdirSync(join(folder, 'browser'))
      for (const path of BESIDE)
        cpSync(join(dist, files.find((file) => file.endsWith(basename(path))) ?? ''), join(folder, path))
    }
    const { exitCode, stdout, stderr } = await start()
    // Without the source, which is one line.
    expect({ exitCode, errors: stderr.match(/^\w*Error: .*/gm) }).toEqual({ exitCode: 0, errors: null })
    expect(JSON.parse(stdout)).toEqual(WORKS)
  })

  it('cannot contain the native module', async () => {
    const { built } = await bundle(bundler, [])
    expect(built.exitCode).toBe(1)
    expect(built.stdout + built.stderr).toMatch(/bcrypt[^\n]*\.node/)
  })
})
