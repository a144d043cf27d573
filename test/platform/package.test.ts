/** The package as published and installed. */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { publint } from 'publint'
import { rolldown } from 'rolldown'
import { API, type Symbol as CompilerSymbol, SignatureKind } from 'typescript/unstable/sync'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { OPTION_TABLE } from '../../src/options/index.ts'
import { IS_FULL } from '../support/full.ts'
import { ROOT, run, startProgram } from '../support/service.ts'
import { startSmtpServer } from '../support/smtp.ts'

/** Programs that use the package. `npm test` compiles and lints them here, too. */
const PROGRAMS = join(ROOT, 'test/fixtures/package')

/** A copy of the sources to pack, so that the `dist/` of the developer is untouched. */
let workshop: string
/** A project with the package installed. Its dependencies resolve to our `node_modules`. */
let consumer: string
let installed: string
let packed: { files: { path: string }[]; unpackedSize: number }
const ends: (() => Promise<void>)[] = []
const onEnd = (end: () => Promise<void>) => void ends.push(end)

beforeAll(async () => {
  workshop = mkdtempSync(join(tmpdir(), 'bienvenue-package-'))
  for (const name of readdirSync(ROOT)) {
    if (/^(?:dist|node_modules|\..*|.*\.db.*)$/.test(name)) continue
    cpSync(join(ROOT, name), join(workshop, name), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(workshop, 'node_modules'), 'dir')
  // The build is the one that the tests use, which has just been made by this script.
  writeFileSync(
    join(workshop, 'scripts', 'build.ts'),
    `import { cpSync } from 'node:fs'\ncpSync(${JSON.stringify(join(ROOT, 'dist'))}, 'dist', { recursive: true })`,
  )
  const npm = await run('npm', ['pack', '--json', '--silent'], {
    cwd: workshop,
    onEnd,
    env: { npm_config_update_notifier: 'false' },
  })
  if (npm.exitCode !== 0) throw new Error(`npm pack: ${npm.stdout}${npm.stderr}`)
  const answer = JSON.parse(npm.stdout) as unknown
  const [entry] = Object.values(answer as object) as [typeof packed & { filename: string }]
  packed = entry

  mkdirSync(join(ROOT, '.cache'), { recursive: true })
  consumer = mkdtempSync(join(ROOT, '.cache', 'consumer-'))
  installed = join(consumer, 'node_modules', 'bienvenue-auth')
  mkdirSync(installed, { recursive: true })
  await run('tar', ['-xzf', join(workshop, entry.filename), '--strip-components=1', '-C', installed], {
    onEnd,
  })
  // Without its own manifest, the name would resolve to our sources.
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ type: 'module', private: true }))
})
afterAll(async () => {
  await Promise.all(ends.map((end) => end()))
  for (const folder of [workshop, consumer]) rmSync(folder, { recursive: true, force: true })
})

/** The files below a folder, with `/` as separator. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
}

/** Runs one of the JavaScript {@link PROGRAMS} in the consumer project. */
async function runProgram(file: string, ...args: string[]): Promise<string> {
  copyFileSync(join(PROGRAMS, file), join(consumer, file))
  const { exitCode, stdout, stderr } = await run(process.execPath, [file, ...args], { cwd: consumer })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
}

/** Type-checks TypeScript {@link PROGRAMS} and our declarations in strict mode. @returns The errors, one a line. */
async function compile(
  files: readonly string[],
  overrides: Readonly<Record<string, unknown>> = {},
): Promise<string[]> {
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2024',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    ...overrides,
  }
  for (const file of files) copyFileSync(join(PROGRAMS, file), join(consumer, file))
  writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  const compiler = join(ROOT, 'node_modules', '.bin', 'tsc')
  const done = await run(compiler, ['-p', consumer, '--pretty', 'false', '--checkers', '1'], {
    cwd: consumer,
  })
  const errors = done.stdout.split('\n').filter((line) => /^\S/.test(line))
  expect(errors.length > 0, done.stderr).toBe(done.exitCode !== 0)
  return errors
}

it('contains only the license, the README, the manifest, the bill of materials and the build', () => {
  const paths = packed.files.map(({ path }) => path)
  const built = filesIn(join(ROOT, 'src'))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.startsWith('cli/'))
    .flatMap((path) => [path.replace(/\.ts$/, '.d.ts'), path.replace(/\.ts$/, '.js')])
    .map((path) => `dist/${path}`)
  const data = filesIn(join(ROOT, 'src'))
    .filter((path) => /\.(?:css|js|svg|txt)$/.test(path))
    .map((path) => `dist/${path}`)
  expect(data).toContain('dist/auth/passwords/policy/common-passwords.txt')
  const isOfCommand = (path: string) => path.startsWith('dist/cli/')
  expect(paths.filter((path) => !isOfCommand(path)).sort()).toEqual(
    ['LICENSE', 'README.md', 'package.json', 'dist/sbom.cdx.json', ...built, ...data].sort(),
  )
  expect(filesIn(installed)).toEqual(paths.sort())
  // The command is bundled with its packages.
  const ofCommand = paths.filter(isOfCommand)
  expect(ofCommand).toContain('dist/cli/main.js')
  expect(ofCommand.filter((path) => !path.endsWith('.js'))).toEqual(['dist/cli/LICENSES'])
  expect(ofCommand.length).toBeLessThan(50)
  const licenses = readFileSync(join(installed, 'dist', 'cli', 'LICENSES'), 'utf8')
  const bundled =
    '@fastify/busboy @simplewebauthn/server hono jose kysely nodemailer openid-client pg pino zod'.split(' ')
  for (const name of bundled) expect(licenses).toMatch(new RegExp(`^${name}\\n\\n`, 'm'))
  expect(packed.unpackedSize).toBeLessThan(7_000_000)
})

it('lists every production package in its bill of materials, with the hashes of the lockfile', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; integrity: string; dev?: boolean }>
  }
  const ofProduction = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path, { version, integrity }]) => [
      `${path.replace(/^.*node_modules\//, '')}@${version}`,
      Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex'),
    ])
  const bill = JSON.parse(readFileSync(join(installed, 'dist', 'sbom.cdx.json'), 'utf8')) as {
    bomFormat: string
    metadata: { component: { name: string; version: string } }
    components: { name: string; version: string; hashes: { alg: string; content: string }[] }[]
    dependencies: { ref: string; dependsOn: string[] }[]
  }
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    name: string
    version: string
    dependencies: Record<string, string>
  }
  expect(bill).toMatchObject({
    bomFormat: 'CycloneDX',
    metadata: { component: { name: manifest.name, version: manifest.version } },
  })
  expect(bill).not.toHaveProperty('serialNumber')
  const listed = bill.components.map(({ name, version, hashes }) => [
    `${name}@${version}`,
    hashes[0]?.content,
  ])
  expect(listed.sort()).toEqual(ofProduction.sort())
  const ours = bill.dependencies.find(({ ref }) => ref === `${manifest.name}@${manifest.version}`)
  expect(ours?.dependsOn.map((ref) => ref.replace(/@[^@]*$/, '')).sort()).toEqual(
    Object.keys(manifest.dependencies).sort(),
  )
})

it('contains no path of the build machine', () => {
  for (const path of filesIn(installed)) {
    const text = readFileSync(join(installed, path), 'utf8')
    for (const place of [ROOT.slice(0, -1), workshop, 'file:///']) {
      expect(text.includes(place), `${path} names ${place}`).toBe(false)
    }
    expect(text).not.toContain('sourceMappingURL')
  }
})

it('passes publint in strict mode', async () => {
  const { messages } = await publint({ pkgDir: installed, pack: false, strict: true, level: 'suggestion' })
  expect(messages).toEqual([])
})

it('exports exactly these names from three entry points', async () => {
  const exported = await runProgram('exports.mjs')
  expect(JSON.parse(exported)).toEqual([
    [
      'AuthError',
      'Conflict',
      'HookRefusal',
      'InvalidRequestError',
      'MailError',
      'MailRefused',
      'NoResultFound',
      'OptionError',
      'createAuth',
      'generateUuid',
      'hashPassword',
    ],
    ['toNodeHandler'],
    ['createClient'],
    'bienvenue-auth',
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
  ])
})

/** An installed Node that is older than the package requires. */
const OLD_NODE = `${process.env.PATH}${delimiter}/usr/local/bin${delimiter}/usr/bin`
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .find((node) => {
    const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
    const [major = 0, minor = 0] = stdout?.match(/\d+/g)?.map(Number) ?? [Number.POSITIVE_INFINITY]
    return major < 24 || (major === 24 && minor < 7)
  })
if (OLD_NODE === undefined)
  process.stderr.write(
    'SKIPPED: the package on an older Node. Put a Node older than 24.7 on the PATH to run it.\n',
  )

it.runIf(OLD_NODE)('names the required version in one sentence on an older Node', async () => {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    engines: { node: string }
  }
  const needs = `needs Node ${engines.node.replace('>=', '')} or newer; this is v`
  const oldNode = (...args: string[]) => run(OLD_NODE ?? '', args, { cwd: consumer })

  // A bundler must not drop the check, although it exports nothing.
  writeFileSync(join(consumer, 'entry.js'), "export { createAuth } from 'bienvenue-auth'")
  await using bundle = await rolldown({
    input: join(consumer, 'entry.js'),
    platform: 'node',
    external: ['@node-rs/bcrypt', 'pg-native'],
  })
  await bundle.write({ dir: join(consumer, 'bundle') })
  for (const module of ['bienvenue-auth', 'bienvenue-auth/node', './bundle/entry.js']) {
    writeFileSync(
      join(consumer, 'program.js'),
      `import('${module}').catch(({ name, message }) => console.log(name, message))`,
    )
    expect(await oldNode('program.js'), module).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(new RegExp(`^Error bienvenue-auth ${needs}\\d+\\.\\d+\\.\\d+\n$`)),
      stderr: '',
    })
  }

  expect(await oldNode(join(installed, 'dist', 'cli', 'main.js'), 'serve')).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringMatching(new RegExp(`^bienvenue: ${needs}\\d+\\.\\d+\\.\\d+\n$`)),
  })
})

it('includes a working command', async () => {
  const cli = join(installed, 'dist', 'cli', 'main.js')
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  expect(await run(process.execPath, [cli, '--version'])).toEqual({
    exitCode: 0,
    stdout: `${version}\n`,
    stderr: '',
  })
  const env = { DATABASE_URL: 'sqlite::memory:' }
  expect((await run(process.execPath, [cli, 'migrate'], { env })).stdout).toMatch(
    /^(?:ran \d{4}-[a-z-]+\n)+$/,
  )
  // Modules loaded on first use are included too.
  const server = await startSmtpServer()
  const mail = { SMTP_URL: `smtp://127.0.0.1:${server.port}`, BIENVENUE_MAIL_FROM: 'us@example.com' }
  expect(
    await run(process.execPath, [cli, 'mail', 'test', 'bob@example.com'], { env: { ...env, ...mail } }),
  ).toEqual({
    exitCode: 0,
    stdout: 'The mail server accepted a test mail to bob@example.com.\n',
    stderr: '',
  })
  expect(server.received.map(({ to }) => to)).toEqual([['bob@example.com']])
})

it('includes the files read at run time: styles, scripts and common passwords', async () => {
  const json = { method: 'POST', headers: { 'content-type': 'application/json' } }
  const body = JSON.stringify({ email: 'bob@example.com', password: 'ILoveYou123' })
  const said = await runProgram('files.mjs', JSON.stringify({ ...json, body }))
  const [files, refusal] = JSON.parse(said) as [string[], unknown]
  const sourceOf = (file: string) => readFileSync(join(ROOT, 'src/pages/browser', file), 'utf8')
  expect(files).toEqual([
    sourceOf('icon.svg'),
    expect.stringContaining(':root{'),
    expect.stringContaining('const form = '),
  ])
  expect(refusal).toMatchObject({ code: 'password_too_common' })

  // The bundled command starts only if it finds the style and the script.
  const settings = { PORT: '0', DATABASE_URL: 'sqlite::memory:', BIENVENUE_PASSWORD_BLOCKLIST: 'on' }
  const cli = join(installed, 'dist', 'cli', 'main.js')
  const command = startProgram([cli, 'serve'], { env: settings, onEnd })
  const listening = await command.line((line) => line.includes('"msg":"listening"'))
  const { url } = JSON.parse(listening) as { url: string }
  expect(await (await fetch(`${url}/users`, { ...json, body })).json()).toMatchObject({
    code: 'password_too_common',
  })
})

it('works from JavaScript: opens a database, hashes passwords, knows its errors and answers requests', async () => {
  expect(await runProgram('classic.mjs')).toBe('done\n')
})

it('supports a custom mailer and every account operation from JavaScript', async () => {
  expect(await runProgram('operations.mjs')).toBe('done\n')
})

it('supports in strict TypeScript every step of the classic exercise, explicit annotations with every exported type, and metadata with the types of its schemas', async () => {
  const sources = ['classic.ts', 'typed.ts', 'metadata.ts']
  expect(await compile(sources)).toEqual([])
  // Where optional members may be undefined.
  if (IS_FULL) expect(await compile(sources, { exactOptionalPropertyTypes: false })).toEqual([])
})

// In this mode, CommonJS declarations must not import ES modules.
it('compiles in the module mode `node16`', async () => {
  expect(await compile(['metadata.ts'], { module: 'node16' })).toEqual([])
})

it('carries the types of metadata into the adapters', async () => {
  // The declarations of the frameworks are not ours to check.
  expect(await compile(['adapters.ts'], { skipLibCheck: true })).toEqual([])
})

it.each([
  ['a browser', { lib: ['es2022', 'dom'], types: [], module: 'esnext', moduleResolution: 'bundler' }],
  // The types of zod name `URL`.
  ['a platform without the types of a browser or Node', { lib: ['es2022'], types: [], skipLibCheck: true }],
])('types the client for %s', async (_, overrides) => {
  expect(await compile(['client.ts'], overrides)).toEqual([])
})

it('exports no name that neither these programs nor a signature of the library uses', () => {
  const [declared = '', ofAuth = ''] = ['index.d.ts', 'auth/index.d.ts'].map((file) =>
    readFileSync(join(installed, 'dist', file), 'utf8'),
  )
  // Of `auth`, the package exports only the types.
  const types = [
    ...ofAuth.matchAll(/^export type \{[^}]*\}/gm),
    ...ofAuth.matchAll(/(?<=[{,] )type \w+/g),
  ].join('\n')
  const lists = [...`${declared}\n${types}`.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(
    ([, names = '']) => names.split(',').map((name) => name.trim().replace(/^type /, '')),
  )
  const own = [...declared.matchAll(/^export (?:interface|declare function) (\w+)/gm)].map(
    ([, name = '']) => name,
  )
  const names = [...lists, ...own]
  expect(names.length).toBeGreaterThan(40)
  const used = ['typed.ts', 'classic.ts'].map((file) => readFileSync(join(PROGRAMS, file), 'utf8')).join()
  // Names each exported type once more than its own declaration does, if a signature needs it.
  const reference = readFileSync('docs/reference/api.md', 'utf8')
  const isUsed = (name: string) =>
    new RegExp(`\\b${name}\\b`).test(used) || reference.split(new RegExp(`\\b${name}\\b`)).length > 2
  expect(names.filter((name) => !isUsed(name))).toEqual([])
})

it('rejects wrong uses at compile time', async () => {
  // Unused names are not errors here, so each line fails only for its misuse.
  expect(await compile(['wrong-uses.ts'], { skipLibCheck: true })).toEqual([])
})

it('documents every member of `auth`, its options and its results for editors', () => {
  const text = (file: string) => readFileSync(join(installed, 'dist', file), 'utf8')
  const given = text('options/given.d.ts')
  expect([...given.matchAll(/^ {4}(\w+)\?: /gm)].map(([, name]) => name)).toEqual(Object.keys(OPTION_TABLE))
  const options = text('options/index.d.ts')
  const interfaces = ['Hasher', 'AuthOptions'].map(
    (name) =>
      new RegExp(`^export interface ${name}\\b[^]*?^}`, 'm').exec(options)?.[0] ?? expect.unreachable(name),
  )
  const sources = [...['auth/service.d.ts', 'index.d.ts', 'model/user.d.ts'].map(text), ...interfaces, given]
  const undocumented = sources.flatMap((source) => {
    const lines = source.split('\n')
    return lines.filter((line, index) => {
      const isMember = /^ {4}(?:readonly )?\w+\??(?:\(|: )/.test(line) && !/: typeof \w+;$/.test(line)
      return isMember && !lines[index - 1]?.trimEnd().endsWith('*/')
    })
  })
  expect(undocumented).toEqual([])
})

it('shows the comment of every use case and resolved option in editors', () => {
  // The members of `auth`, its options and the client are mapped types, so ask the compiler, as editors do.
  writeFileSync(
    join(consumer, 'editor.ts'),
    `export const auth = await (await import('bienvenue-auth')).createAuth()
     export const client = (await import('bienvenue-auth/client')).createClient({ baseUrl: '' })`,
  )
  const config = join(consumer, 'editor.json')
  writeFileSync(
    config,
    JSON.stringify({ compilerOptions: { module: 'nodenext', types: ['node'] }, files: ['editor.ts'] }),
  )
  const compiler = new API()
  ends.push(async () => compiler.close())
  const [project = expect.unreachable()] = compiler.updateSnapshot({ openProject: config }).getProjects()
  const { checker, program } = project
  const file = program.getSourceFile(join(consumer, 'editor.ts')) ?? expect.unreachable()
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(file) ?? expect.unreachable())

  const documented: string[] = []
  const undocumented: string[] = []
  function visit(owner: CompilerSymbol, path: string): void {
    const type = checker.getTypeOfSymbol(owner) ?? expect.unreachable(path)
    for (const member of checker.getPropertiesOfType(type)) {
      const name = `${path}${member.name}`
      const isDocumented = checker.getDocumentationCommentOfSymbol(member) !== ''
      const memberType = checker.getTypeOfSymbol(member) ?? expect.unreachable(name)
      const isUseCase = checker.getSignaturesOfType(memberType, SignatureKind.Call).length > 0
      if (isUseCase || path === 'options.') (isDocumented ? documented : undocumented).push(name)
      // A topic has no comment of its own, unlike `mailer`.
      else if (!isDocumented || name === 'db' || name === 'options') visit(member, `${name}.`)
    }
  }
  for (const owner of exported) visit(owner, owner.name === 'auth' ? '' : 'client.')
  expect(undocumented).toEqual([])
  expect(documented).toEqual(
    expect.arrayContaining([
      ...['account.delete', 'db.addUser', 'fetch', 'options.baseUrl', 'registerUser'],
      ...['client.account.delete', 'client.sessions.list', 'client.onSignedOut'],
    ]),
  )
})
