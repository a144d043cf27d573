/** `bienvenue init`: what it writes for each framework, that this runs, and what it refuses. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FRAMEWORKS, START_HERE } from '../../src/cli/init/frameworks.ts'
import { resolveOptions } from '../../src/options/index.ts'
import { openSite } from '../../src/pages/index.ts'
import { sample } from '../support/full.ts'
import { runHere } from '../support/run-here.ts'
import { COMMAND, ROOT, run, startProgram } from '../support/service.ts'
import { temporaryFolder } from '../support/system.ts'
import { hasTerminal, runAtTerminal } from '../support/terminal.ts'

type Files = Readonly<Record<string, string>>

/** Creates a folder with these files. */
function makeProject(files: Files, folder = temporaryFolder()): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

function manifest(packages: readonly string[], more: object = {}): string {
  return JSON.stringify({ ...more, dependencies: Object.fromEntries(packages.map((name) => [name, '*'])) })
}

/** Every file in a folder with its text, except what the test put there. */
function filesIn(folder: string): Files {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !path.startsWith('node_modules') && statSync(join(folder, path)).isFile())
    .toSorted()
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
}

interface Done {
  readonly framework: string
  readonly language: string
  readonly written: boolean
  readonly files: readonly { readonly path: string; readonly change: string; readonly text?: string }[]
  readonly additions: readonly { readonly to: string; readonly lines: readonly string[] }[]
  readonly next: readonly string[]
}

/** Runs `init --json` and expects success. */
async function init(folder: string, ...flags: readonly string[]): Promise<Done> {
  const { exitCode, stdout, stderr } = await runHere(['init', '--json', ...flags], { cwd: folder })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return JSON.parse(stdout) as Done
}

/** Runs `init --json`, and expects a refusal and that nothing changed. */
async function expectRefusal(folder: string, message: RegExp, ...flags: readonly string[]): Promise<void> {
  const before = filesIn(folder)
  const { exitCode, stdout, stderr } = await runHere(['init', '--json', ...flags], { cwd: folder })
  expect(JSON.parse(stderr)).toEqual({ code: 'usage', message: expect.stringMatching(message) })
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(filesIn(folder)).toEqual(before)
}

const changesOf = ({ files }: Done) => Object.fromEntries(files.map(({ path, change }) => [path, change]))

describe('the framework', () => {
  it.each([
    [['next', 'react', 'express'], 'next'],
    [['@sveltejs/kit', 'fastify'], 'sveltekit'],
    [['@react-router/node', 'react-router', 'express'], 'react-router'],
    [['fastify', 'express', 'h3'], 'fastify'],
    [['hono', 'express'], 'hono'],
    [['express', 'h3'], 'express'],
    [['h3'], 'h3'],
    [['react-router', 'koa'], 'node'],
    [[], 'node'],
  ])('of a project with %j is %s', async (packages, framework) => {
    const asDependency = makeProject({ 'package.json': manifest(packages) })
    const asDevDependency = makeProject({
      'package.json': manifest(packages).replace('dependencies', 'devDependencies'),
    })
    expect((await init(asDependency)).framework).toBe(framework)
    expect((await init(asDevDependency)).framework).toBe(framework)
  })

  it('is what --framework says', async () => {
    const folder = makeProject({ 'package.json': manifest(['next', 'express']) })
    expect((await init(folder, '--framework', 'express')).framework).toBe('express')
    await expectRefusal(folder, /^--framework must be one of next, .*, node\.$/, '--framework', 'rails')
  })
})

describe('the files', () => {
  it.each(FRAMEWORKS.map(({ name }) => name))(
    'of %s name the settings of pages, commented out and with values that are accepted',
    async (framework) => {
      const done = await init(
        makeProject({ 'package.json': manifest([]) }),
        '--framework',
        framework,
        '--dry-run',
      )
      const [text = expect.unreachable()] = done.files.flatMap((file) =>
        file.text?.includes('serviceName') ? [file.text] : [],
      )
      const settings = Object.fromEntries(
        [...text.matchAll(/^ +\/\/ (\w+): '([^']*)',$/gm)].map(([, name, value]) => [name, value]),
      )
      expect(Object.keys(settings)).toEqual([
        ...['serviceName', 'accent', 'logo', 'termsUrl', 'privacyUrl', 'imprintUrl', 'helpUrl'],
        'supportContact',
      ])
      const { logo, ...others } = settings
      expect(logo).toMatch(/\.png$/)
      expect(resolveOptions(settings)).toMatchObject(settings)
      expect(() => openSite(resolveOptions(others))).not.toThrow()
    },
  )

  const TYPESCRIPT: Files = { 'tsconfig.json': '{}' }
  const MODULE = { type: 'module' }

  it.each<[packages: string[], given: Files, type: object, paths: string[]]>([
    [['hono'], {}, MODULE, ['auth.js']],
    [['hono'], {}, {}, ['auth.mjs']],
    [['hono'], {}, { type: 'commonjs' }, ['auth.mjs']],
    [['hono'], TYPESCRIPT, MODULE, ['auth.ts']],
    [['hono', 'typescript'], {}, MODULE, ['auth.ts']],
    [['hono'], TYPESCRIPT, {}, ['auth.mts']],
    [['hono'], { 'src/x.js': '', 'lib/x.js': '' }, MODULE, ['src/auth.js']],
    [['hono'], { 'lib/x.js': '' }, MODULE, ['lib/auth.js']],
    [['hono'], { src: '' }, MODULE, ['auth.js']],
    [['next'], TYPESCRIPT, {}, ['app/auth/[[...path]]/route.ts', 'lib/auth.ts']],
    [['next'], { 'app/x.js': '', 'src/x.js': '' }, {}, ['app/auth/[[...path]]/route.js', 'lib/auth.js']],
    [['next'], { 'src/app/x.js': '' }, {}, ['src/app/auth/[[...path]]/route.js', 'src/lib/auth.js']],
    [
      ['@sveltejs/kit'],
      TYPESCRIPT,
      MODULE,
      ['src/app.d.ts', 'src/hooks.server.ts', 'src/lib/server/auth.ts'],
    ],
    [['@sveltejs/kit'], {}, MODULE, ['src/hooks.server.js', 'src/lib/server/auth.js']],
    [['@react-router/node'], TYPESCRIPT, MODULE, ['app/auth.server.ts', 'app/routes/auth.ts']],
    [
      ['@react-router/node', '@react-router/fs-routes'],
      {},
      MODULE,
      ['app/auth.server.js', 'app/routes/auth.$.js'],
    ],
  ])('of %j with %j and %j are %j', async (packages, given, type, paths) => {
    const folder = makeProject({ ...given, 'package.json': manifest(packages, type) })
    const before = Object.keys(filesIn(folder))
    const done = await init(folder)
    const created = Object.keys(filesIn(folder)).filter((path) => !before.includes(path))
    expect(created).toEqual(paths)
    expect(changesOf(done)).toEqual(Object.fromEntries(paths.map((path) => [path, 'created'])))
    for (const path of created) expect(statSync(join(folder, path)).mode & 0o044).toBe(0o044)
  })

  it('are imported as a compiler or Node requires', async () => {
    const lineFor = async (files: Files) => {
      const folder = makeProject({ ...files, 'package.json': manifest(['hono'], MODULE) })
      return (await init(folder)).additions[0]?.lines[0]
    }
    const nodeOnly = '{ "compilerOptions": { "allowImportingTsExtensions": true } }'
    expect(await lineFor(TYPESCRIPT)).toBe("import { mount, requireUser } from './auth.js'")
    expect(await lineFor({ 'tsconfig.json': nodeOnly })).toBe(
      "import { mount, requireUser } from './auth.ts'",
    )
    expect(await lineFor({ 'lib/x.js': '' })).toBe("import { mount, requireUser } from './lib/auth.js'")
  })

  it('of every framework compile in strict mode, with the lines for the server', async () => {
    const folder = makeProject({})
    for (const { name } of FRAMEWORKS) {
      const project = makeProject(
        { 'package.json': manifest(['typescript'], MODULE), 'app/x.ts': 'export {}' },
        join(folder, name),
      )
      const { additions } = await init(project, '--framework', name)
      const server = SERVERS[name]
      const lines = additions[0]?.lines ?? []
      if (server !== undefined)
        makeProject({ 'server.ts': program(server.esm, lines).replace('AUTH', 'auth.ts') }, project)
    }
    link(folder, ['@hono/node-server', '@types', 'express', 'fastify', 'h3', 'hono'])
    const compilerOptions = {
      module: 'esnext',
      moduleResolution: 'bundler',
      target: 'es2024',
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUnusedLocals: true,
      allowImportingTsExtensions: true,
      noEmit: true,
      skipLibCheck: true,
    }
    makeProject({ 'tsconfig.json': JSON.stringify({ compilerOptions }) }, folder)
    const tsc = await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder, '--checkers', '1'], {
      cwd: folder,
    })
    expect(tsc).toMatchObject({ stdout: '', exitCode: 0 })
  })

  it('leave the hooks and the types of a SvelteKit application alone, and init prints their lines', async () => {
    const own = { 'src/hooks.server.ts': 'export const handle = own\n', 'src/app.d.ts': 'export {}\n' }
    const folder = makeProject({
      ...own,
      'package.json': manifest(['@sveltejs/kit', 'typescript']),
    })
    const { files, additions } = await init(folder, '--force')
    expect(files.map(({ path }) => path)).toEqual(['src/lib/server/auth.ts'])
    expect(filesIn(folder)).toMatchObject(own)
    expect(additions.map(({ to }) => to)).toEqual([
      'src/hooks.server.ts, which stays as it is',
      'src/app.d.ts, which stays as it is',
    ])
    expect(additions[0]?.lines).toContain("import { sequence } from '@sveltejs/kit/hooks'")
    expect(additions[1]?.lines).toContain('  signedIn: SignedIn | null')
  })

  it('keep the database out of Git, if there is a .gitignore', async () => {
    const folder = makeProject({ 'package.json': manifest(['hono']), '.gitignore': 'node_modules' })
    expect(changesOf(await init(folder))).toEqual({ 'auth.mjs': 'created', '.gitignore': 'extended' })
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('node_modules\nbienvenue.db*\n')
    // Again: everything is there.
    expect(changesOf(await init(folder))).toEqual({ 'auth.mjs': 'unchanged' })

    const linked = makeProject({ 'package.json': manifest(['hono']), 'shared/ignored': 'node_modules\n' })
    symlinkSync('shared/ignored', join(linked, '.gitignore'))
    const { additions } = await init(linked)
    expect(additions[1]).toEqual({ to: 'the file that .gitignore links to', lines: ['bienvenue.db*'] })
    expect(readFileSync(join(linked, '.gitignore'), 'utf8')).toBe('node_modules\n')
  })
})

/** The rest of a program around the lines that `init` prints, for ES modules and CommonJS. */
interface Server {
  readonly esm: readonly [before: string, after: string]
  readonly commonjs: readonly [before: string, after: string]
}

function serverOf(imports: Files, create: string, listen: string): Server {
  const names = Object.entries(imports)
  return {
    esm: [[...names.map(([from, what]) => `import ${what} from '${from}'`), create].join('\n'), listen],
    commonjs: [
      [...names.map(([from, what]) => `const ${what} = require('${from}')`), create].join('\n'),
      listen,
    ],
  }
}

const LISTEN = "server.listen(0, '127.0.0.1', () => ready(server))"
const SERVERS: Readonly<Record<string, Server>> = {
  express: serverOf(
    { express: 'express' },
    'const app = express()',
    "const server = app.listen(0, '127.0.0.1', () => ready(server))",
  ),
  fastify: serverOf(
    { fastify: 'fastify' },
    'const app = fastify()',
    "app.listen({ port: 0, host: '127.0.0.1' }).then(() => ready(app.server))",
  ),
  hono: serverOf(
    { '@hono/node-server': '{ serve }', hono: '{ Hono }' },
    'const app = new Hono()',
    "const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => ready(server))",
  ),
  h3: serverOf(
    { 'node:http': '{ createServer }', h3: '{ H3, toNodeHandler }' },
    'const app = new H3()',
    `const server = createServer(toNodeHandler(app))\n${LISTEN}`,
  ),
  node: serverOf({ 'node:http': '{ createServer }' }, '', LISTEN),
}

/** Prints the port, and the headers of a signed-in user. */
const READY = `
async function ready(server: { address(): unknown }) {
  const { auth } = await import('./AUTH')
  const { headers } = await auth.testing.signIn('bob@example.com')
  console.log(JSON.stringify({ ...(server.address() as object), headers }))
}`

function program([before, after]: readonly [string, string], lines: readonly string[]): string {
  const text = lines.join('\n')
  return text.includes(START_HERE)
    ? `${before}\n${text.replace(START_HERE, after)}\n${READY}\n`
    : `${before}\n${text}\n${after}\n${READY}\n`
}

/** Puts our package, and some of our packages, into the `node_modules` of a project. */
function link(folder: string, packages: readonly string[]): void {
  const places = [
    ['bienvenue-auth', ROOT],
    ...packages.map((name) => [name, join(ROOT, 'node_modules', name)]),
  ]
  for (const [name = '', target = ''] of places) {
    const path = join(folder, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(target, path, 'dir')
  }
}

describe('the application', () => {
  const projects = [
    ['express', 'js', 'commonjs'],
    ['fastify', 'ts', 'module'],
    ['hono', 'js', 'module'],
    ['h3', 'ts', 'module'],
    ['node', 'ts', 'commonjs'],
  ] as const
  it.each(sample(projects, 2))(
    'in %s (%s, %s) runs: the service answers, and a route knows who is signed in',
    async (name, language, type) => {
      const folder = makeProject({
        'package.json': manifest([...(language === 'ts' ? ['typescript'] : []), name], { type }),
      })
      const { additions } = await init(folder)
      const server = SERVERS[name] as Server
      const source = program(type === 'module' ? server.esm : server.commonjs, additions[0]?.lines ?? [])
      const auth = readdirSync(folder).find((path) => path.startsWith('auth.')) ?? ''
      const text = language === 'ts' ? source : source.replace(/: \{ address.*?(?=\) \{)| as object/g, '')
      makeProject({ [`server.${language}`]: text.replace('AUTH', auth) }, folder)
      link(folder, ['@hono/node-server', 'express', 'fastify', 'h3', 'hono'])
      const started = startProgram([`server.${language}`], { cwd: folder })
      const { port, headers } = JSON.parse(await started.line(() => true)) as {
        port: number
        headers: Record<string, string>
      }
      const get = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${port}${path}`, init)
      expect(await (await get('/auth/session')).json()).toEqual({ user: null, session: null })
      expect(await (await get('/auth/session', { headers })).json()).toMatchObject({
        user: { email: 'bob@example.com' },
      })
      expect((await get('/me')).status).toBe(401)
      const mine = await get('/me', { headers })
      expect(mine.status).toBe(200)
      expect(await mine.text()).toContain('bob@example.com')
      expect(existsSync(join(folder, 'bienvenue.db'))).toBe(true)
    },
  )

  it('refuses production until it has what production requires', async () => {
    const folder = makeProject({ 'package.json': manifest(['hono'], { type: 'module' }) })
    await init(folder)
    link(folder, ['hono'])
    const { exitCode, stderr } = await run(process.execPath, ['auth.js'], {
      cwd: folder,
      env: { NODE_ENV: 'production' },
    })
    expect(exitCode).toBe(1)
    for (const option of ['baseUrl', 'secretKey', 'smtpUrl', 'mailFrom']) expect(stderr).toContain(option)
  })
})

describe('existing files', () => {
  const OWN = 'export const auth = "mine"\n'
  const withAuth = () =>
    makeProject({ 'package.json': manifest(['next']), 'lib/auth.js': OWN, '.gitignore': 'node_modules\n' })

  it('are not replaced without a terminal, and nothing else is written', async () => {
    await expectRefusal(withAuth(), /^Already exists: lib\/auth\.js\. Nothing was written\. Add --force /)
  })

  it('are replaced with --force', async () => {
    const folder = withAuth()
    expect(changesOf(await init(folder, '--force'))).toEqual({
      'lib/auth.js': 'replaced',
      'app/auth/[[...path]]/route.js': 'created',
      '.gitignore': 'extended',
    })
    expect(readFileSync(join(folder, 'lib/auth.js'), 'utf8')).toContain('createAuth')
  })

  // Needs the program `script`, which provides a terminal. Without it the run lists this as skipped.
  it.skipIf(!hasTerminal)('are replaced at a terminal if the user says yes to each', async () => {
    const folder = withAuth()
    const before = filesIn(folder)
    const no = await runAtTerminal(['init'], { env: {}, cwd: folder, answers: ['n'] })
    expect(no.exitCode).toBe(1)
    expect(no.shown).toContain('lib/auth.js already exists. Replace it? [y/N]')
    expect(no.shown).toContain('Nothing was written.')
    expect(filesIn(folder)).toEqual(before)
    const yes = await runAtTerminal(['init'], { env: {}, cwd: folder, answers: ['y'] })
    expect(yes.exitCode).toBe(0)
    expect(readFileSync(join(folder, 'lib/auth.js'), 'utf8')).toContain('createAuth')
  })

  it('are not touched by --dry-run, which shows the files', async () => {
    const folder = withAuth()
    const before = filesIn(folder)
    const { files, written } = await init(folder, '--dry-run')
    expect(written).toBe(false)
    expect(filesIn(folder)).toEqual(before)
    const forPeople = await runHere(['init', '--dry-run'], { cwd: folder })
    expect(forPeople).toMatchObject({ exitCode: 0, stderr: '' })
    expect(forPeople.stdout).toContain('Would write:\n  lib/auth.js (replaced)')
    await init(folder, '--force')
    expect(filesIn(folder)).toMatchObject(
      Object.fromEntries(files.map(({ path, text }) => [path, text ?? ''])),
    )
  })
})

describe('refuses, and writes nothing, if', () => {
  it('there is no package.json', async () => {
    await expectRefusal(makeProject({ 'index.js': '' }), /^There is no package\.json here\. .*npm init$/)
  })

  it.each([
    ['{', /is not a JSON object/],
    ['[]', /is not a JSON object/],
    ['null', /is not a JSON object/],
    ['', /^Cannot read package\.json: it is empty\.$/],
  ])('package.json is %j', async (text, message) => {
    await expectRefusal(makeProject({ 'package.json': text }), message)
  })

  it('a link leads out of the folder', async () => {
    const elsewhere = temporaryFolder()
    const linkedFolder = makeProject({ 'package.json': manifest(['next']) })
    symlinkSync(elsewhere, join(linkedFolder, 'lib'))
    await expectRefusal(linkedFolder, /^lib is a symbolic link, /, '--force')
    const linkedFile = makeProject({ 'package.json': manifest(['hono']) })
    symlinkSync(join(elsewhere, 'target'), join(linkedFile, 'auth.mjs'))
    const { exitCode, stderr } = await runHere(['init', '--force'], { cwd: linkedFile })
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('auth.mjs is a symbolic link'),
    })
    expect(readdirSync(elsewhere)).toEqual([])
  })

  it('something else has the name of a folder or a file', async () => {
    const file = makeProject({ 'package.json': manifest(['next']), app: 'text' })
    await expectRefusal(file, /^app is not a folder\. Nothing was written\.$/, '--force')
    const folder = makeProject({ 'package.json': manifest(['hono']), 'auth.mjs/x': '' })
    await expectRefusal(folder, /^auth\.mjs is not a regular file\. Nothing was written\.$/, '--force')
  })

  it('a folder is read-only', async () => {
    const folder = makeProject({ 'package.json': manifest(['next']), 'app/page.js': '' })
    const app = join(folder, 'app')
    chmodSync(app, 0o500)
    onTestFinished(() => chmodSync(app, 0o700))
    const before = filesIn(folder)
    const isRoot = process.getuid?.() === 0
    // Root ignores file permissions unless it gives up these capabilities.
    const under = isRoot ? ['/usr/bin/setpriv', '--bounding-set=-dac_override,-dac_read_search'] : []
    const [program = '', ...words] = [...under, process.execPath, COMMAND, 'init', '--json']
    const { exitCode, stdout, stderr } = await run(program, words, { cwd: folder })
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(JSON.parse(stderr)).toEqual({
      code: 'usage',
      message: expect.stringMatching(/^Cannot create app\/auth: EACCES.* Nothing was written\.$/),
    })
    expect(filesIn(folder)).toEqual(before)
    expect(existsSync(join(folder, 'lib'))).toBe(false)
  })
})

it('tells people what it wrote, what to add and what to do next', async () => {
  const folder = makeProject({ 'package.json': manifest(['express'], { type: 'module' }) })
  // Neither a database nor valid settings are needed.
  const { exitCode, stdout, stderr } = await runHere(['init'], { cwd: folder, env: { PORT: 'x' } })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toContain('Files:\n  auth.js (new)')
  expect(stdout).toContain("  import { mount, requireUser } from './auth.js'\n")
  expect(stdout).toMatch(/1\. Install the library: npm install .*bienvenue-auth-[\d.]+\.tgz\n/)
  expect(stdout).toContain('http://localhost:3000/auth/session')
  expect(readdirSync(folder).toSorted()).toEqual(['auth.js', 'package.json'])
})
