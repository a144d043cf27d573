/** The package as published and installed. */
import { spawnSync } from 'node:child_process'
import {
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

/** Runs a JavaScript program in the consumer project. */
async function runProgram(source: string): Promise<string> {
  writeFileSync(join(consumer, 'program.js'), source)
  const { exitCode, stdout, stderr } = await run(process.execPath, ['program.js'], { cwd: consumer })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
}

/** Type-checks TypeScript programs and our declarations in strict mode. @returns The errors, one a line. */
async function compile(
  sources: Readonly<Record<string, string>>,
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
  for (const [file, source] of Object.entries(sources)) writeFileSync(join(consumer, file), source)
  writeFileSync(
    join(consumer, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: Object.keys(sources) }),
  )
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
  expect(ofCommand.length).toBeLessThan(40)
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
  const exported = await runProgram(`
    import assert from 'node:assert/strict'
    import { createRequire } from 'node:module'
    import * as library from 'bienvenue-auth'
    import * as client from 'bienvenue-auth/client'
    import * as node from 'bienvenue-auth/node'
    import manifest from 'bienvenue-auth/package.json' with { type: 'json' }
    const inside = await import('bienvenue-auth/dist/db/index.js').catch(({ code }) => code)
    assert.deepEqual({ ...createRequire(import.meta.url)('bienvenue-auth') }, { ...library })
    console.log(JSON.stringify([Object.keys(library).sort(), Object.keys(node), Object.keys(client), manifest.name, inside]))
  `)
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
  const [files, refusal] = JSON.parse(
    await runProgram(`
      import { createAuth } from 'bienvenue-auth'
      const auth = await createAuth({
        databaseUrl: 'sqlite::memory:',
        passwordBlocklist: true,
        baseUrl: 'http://localhost:5000',
        resetTokenDelivery: 'mail',
        smtpUrl: 'terminal:',
        mailFrom: 'us@example.com',
      })
      const ask = (path, init) => auth.fetch(new Request('http://localhost:5000' + path, init))
      const page = await (await ask('/reset_password')).text()
      const paths = [...page.matchAll(/(?:href|src)="(\\/assets\\/[^"]+)"/g)].map(([, path]) => path)
      const files = await Promise.all(paths.map(async (path) => (await ask(path)).text()))
      const refusal = await (await ask('/users', ${JSON.stringify({ ...json, body })})).json()
      console.log(JSON.stringify([files, refusal]))
      await auth.close()
    `),
  ) as [string[], unknown]
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

it('supports every step of the classic exercise from JavaScript', async () => {
  const said = await runProgram(`
    import assert from 'node:assert/strict'
    import {
      AuthError, createAuth, generateUuid, hashPassword, InvalidRequestError, NoResultFound,
    } from 'bienvenue-auth'

    const EMAIL = 'bob@example.com'
    const auth = await createAuth({ databaseUrl: 'sqlite::memory:', bcryptCost: 10 })

    const bob = await auth.registerUser(EMAIL, 'b4l0u')
    assert.deepEqual([bob.id, bob.email, bob.sessionId, bob.resetToken], [1, EMAIL, null, null])
    await assert.rejects(auth.registerUser(EMAIL, 'x'), (error) =>
      error instanceof AuthError && error.code === 'email_taken' &&
      error.message === 'User bob@example.com already exists')

    assert.equal(await auth.validLogin(EMAIL, 'b4l0u'), true)
    assert.equal(await auth.validLogin(EMAIL, 'wrong'), false)
    assert.equal(await auth.validLogin('nobody@example.com', 'b4l0u'), false)

    assert.equal(await auth.createSession('nobody@example.com'), null)
    const sessionToken = await auth.createSession(EMAIL)
    assert.equal((await auth.getUserFromSessionId(sessionToken)).id, bob.id)
    const cookie = 'a=b; session_id=' + sessionToken
    assert.equal((await auth.getSession({ headers: { cookie } })).user.id, bob.id)
    assert.equal(await auth.getSession(new Headers()), null)
    assert.equal(await auth.getUserFromSessionId('nonsense'), null)
    assert.equal(await auth.getUserFromSessionId(null), null)
    await auth.destroySession(bob.id)
    assert.equal(await auth.getUserFromSessionId(sessionToken), null)

    await assert.rejects(auth.getResetPasswordToken('nobody@example.com'), { code: 'unknown_email' })
    const token = await auth.getResetPasswordToken(EMAIL)
    await auth.updatePassword(token, 't4rt1fl3tt3')
    await assert.rejects(auth.updatePassword(token, 'again'), { code: 'invalid_reset_token' })
    assert.equal(await auth.validLogin(EMAIL, 't4rt1fl3tt3'), true)

    const ann = await auth.db.addUser('ann@example.com', await hashPassword('b4l0u'))
    assert.match(ann.hashedPassword, /^\\$2b\\$12\\$/)
    assert.match(await auth.hashPassword('b4l0u'), /^\\$2b\\$10\\$/)
    assert.equal(await auth.validLogin('ann@example.com', 'b4l0u'), true)
    await auth.db.updateUser(ann.id, { email: 'anna@example.com' })
    assert.equal((await auth.db.findUserBy({ email: 'anna@example.com' })).id, ann.id)
    await assert.rejects(auth.db.findUserBy({ email: 'ann@example.com' }), NoResultFound)
    await assert.rejects(auth.db.findUserBy({ nonsense: 1 }), InvalidRequestError)
    await assert.rejects(auth.db.updateUser(ann.id, { nonsense: 1 }), InvalidRequestError)

    assert.notEqual(generateUuid(), auth.generateUuid())
    const home = await auth.fetch(new Request('http://localhost/'))
    assert.deepEqual(await home.json(), { message: 'Bienvenue' })
    await auth.close()
    console.log('done')
  `)
  expect(said).toBe('done\n')
})

/** The steps of the classic exercise, with their types. */
const CLASSIC_TYPED = `
    import { createServer } from 'node:http'
    import {
      type Auth, AuthError, type AuthOptions, createAuth, type ErrorCode, generateUuid, hashPassword,
      InvalidRequestError, NoResultFound, OptionError, type User,
    } from 'bienvenue-auth'
    import { type NodeHandler, toNodeHandler } from 'bienvenue-auth/node'

    const options: AuthOptions = { databaseUrl: 'sqlite::memory:', passwordHash: 'argon2id', throttle: true }
    const auth: Auth = await createAuth(options)
    const bob: User = await auth.registerUser('bob@example.com', 'b4l0u')
    const valid: boolean = await auth.validLogin(bob.email, 'b4l0u')
    const sessionToken: string | null = await auth.createSession(bob.email)
    const found: User | null = await auth.getUserFromSessionId(sessionToken)
    await auth.destroySession(bob.id)
    const token: string = await auth.getResetPasswordToken(bob.email)
    await auth.updatePassword(token, 't4rt1fl3tt3')
    const ann: User = await auth.db.addUser('ann@example.com', await hashPassword('b4l0u'))
    const same: User = await auth.db.findUserBy({ id: ann.id, email: ann.email })
    await auth.db.updateUser(same.id, { hashedPassword: await auth.hashPassword('x'), resetToken: null })
    const names: [string, string] = [generateUuid(), auth.generateUuid()]
    const response: Response = await auth.fetch(new Request('http://localhost/'), { ip: '127.0.0.1' })
    const handler: NodeHandler = toNodeHandler(auth)
    createServer(handler)
    for await (const user of auth.users.list()) console.log(user.disabledAt?.toISOString(), names, valid, found)
    try {
      console.log(response.status)
    } catch (error) {
      if (error instanceof AuthError) {
        const code: ErrorCode = error.code
        console.log(code === 'email_taken', error.field?.length, error.retryAfterSeconds?.toFixed())
      }
      if (error instanceof NoResultFound || error instanceof InvalidRequestError) throw error
      if (error instanceof OptionError) console.log(error.option)
    }
    await auth.close()
`

it('supports a custom mailer and every account operation from JavaScript', async () => {
  const said = await runProgram(`
    import assert from 'node:assert/strict'
    import { AuthError, createAuth, MailError, MailRefused, OptionError } from 'bienvenue-auth'

    await assert.rejects(createAuth({ mode: 'production' }), (error) =>
      error instanceof OptionError && error.option === 'baseUrl' &&
      error.problems.map(({ option }) => option).join() === 'baseUrl,secretKey,smtpUrl,mailFrom')

    const [email, password] = ['bob@example.com', 'a tortoise under the lamp']
    const mails = []
    const actions = []
    const waiting = []
    const mailer = {
      async send(mail) {
        if (mail.to === 'nobody@example.com') throw new MailRefused('no such mailbox')
        mails.push(mail)
        waiting.shift()?.()
      },
      close() { actions.push('closed') },
    }
    assert.ok(new MailRefused('x') instanceof MailError)
    const auth = await createAuth({
      mode: 'production',
      databaseUrl: 'sqlite:consumer.db',
      baseUrl: 'https://auth.example.com',
      secretKey: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64'),
      breachCheckUrl: 'off',
      mailer,
      onAudit: ({ action }) => actions.push(action),
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    })
    assert.equal(auth.mailer, mailer)

    // Queued mail does not keep a process alive, so a timer does.
    const alive = setInterval(() => {}, 1_000)
    const nextMail = () => new Promise((resolve) => waiting.push(resolve))
    const first = nextMail()
    assert.deepEqual(await auth.account.register({ email, password }), { email })
    await first
    const second = nextMail()
    await assert.rejects(auth.signIn.withPassword({ email, password }), { code: 'invalid_credentials' })
    await second
    clearInterval(alive)
    assert.deepEqual(mails.map(({ to }) => to), [email, email])
    const [earlier, token] = mails.map(({ text }) => decodeURIComponent(/#token=(\\S+)/.exec(text)[1]))
    assert.ok((await auth.account.confirmEmail({ token, password })).emailVerifiedAt instanceof Date)
    await assert.rejects(auth.account.confirmEmail({ token: earlier, password }), { code: 'invalid_confirmation_token' })

    const login = await auth.signIn.withPassword({ email, password }, { ip: '192.0.2.1', userAgent: 'curl/8' })
    assert.equal(login.next, 'signed_in')
    assert.equal(typeof login.deviceToken, 'string')
    const { sessionToken } = await auth.account.changePassword({ currentPassword: password, newPassword: 'seven green umbrellas' }, { sessionToken: login.sessionToken })
    await assert.rejects(auth.sessions.list({ sessionToken: login.sessionToken }), { code: 'unauthenticated' })
    const [session] = await auth.sessions.list({ sessionToken })
    assert.deepEqual([session.current, sessionToken.startsWith(session.id)], [true, true])
    const { account, sessions, audit } = await auth.account.export({ sessionToken })
    assert.deepEqual([account.email, sessions.length, audit.length > 0], [email, 1, true])
    assert.equal((await auth.account.delete({ sessionToken })).email, email)
    await assert.rejects(auth.account.export({ sessionToken }), AuthError)
    assert.deepEqual(actions, [
      'register', 'login', 'confirm_email', 'login', 'change_password', 'export_account', 'delete_account',
    ])
    await auth.close()
    assert.equal(actions.at(-1), 'closed')
    console.log('done')
  `)
  expect(said).toBe('done\n')
})

/** A program that uses every exported type and value with explicit annotations. */
const TYPED = `
    import {
      type Account, type Actor, type AccountExport, type AccountState, type AuditEntry, type AuditQuery, type AuditRecord, type Auth,
      type ChangeEmailByCodeRequest, type ConfirmByCodeRequest, type MailCodeRequest, type ResetByCodeRequest,
      AuthError, type Caller, type ChangePasswordRequest, type Client, type ConfirmationRequest, type ConfirmEmailRequest, Conflict,
      type Connection, createAuth, type CreateAuthOptions, type ChangeEmailRequest, type CreateSessionRequest,
      type CurrentSession, type EndSessionRequest, type ErrorCode,
      type ExportedUser, type ExportOptions, type FinishedRestore, type FinishRestoreRequest,
      type FirebaseProject, type Hasher, type ImportItem, type ImportOptions, type ImportStep,
      type Incoming, type IncomingBody, type ListedUser, type Logger, type Mail, MailError, type Mailer,
      type MailProblem, MailRefused, OptionError, type OptionProblem, type Options, type CreateUserRequest, type NewAccount, type PasswordResetRequest,
      type PasswordSignInRequest, type ReauthenticateRequest, type RegisterRequest, type RegisterResult, type Removed, type Rendered,
      type ResetToken, type RenewedSession, type ResetPasswordRequest,
      type SessionCaller, type SessionInfo, type SessionSummary, type SetEmailRequest, type SignInResult, type User,
      type UserDescription, type UserQuery, type Cookie, type CookieAttributes, type Cookies, type NewSession, type Presented,
      type RequestLike, type StartedSession, type Testing, type TestSession, type Transport, type JsonObject, type JsonValue,
      type GivenDatabase, type AnyMetadata, type MetadataSchemas, type MetadataTypes, type PostgresPool, type StoredMetadata, type UserField, type UserFields, type UserFieldText, type UserFieldValue, type ProfileUpdate, type StandardSchema, type UserUpdate,
      type HookClient, HookRefusal, type Hooks, type LinkParts, type MailContent, type MailData, type MailKind, type MailLink,
      type MailLinks, type MailOptions, type MailTemplate, type MailTemplates, type MailText, type SignedUp, type SignIn,
      type SignInAttempt, type SignUpAttempt, type TemplateInput,
      type AddedPasskey, type AddPasskeyRequest, type AwaitedSignIn, type CeremonyRequest, type ConfirmTotpRequest, type Enrolled,
      type ExportedFactors, type ExportedPasskey, type FactorInfo, type FactorList, type PasskeyCreationOptions, type PasskeyInfo,
      type PasskeyRequestOptions, type PasskeySignInRequest, type PendingSignIn, type RecoveryCodeSignInRequest,
      type RecoveryCodeSignInResult, type RemovePasskeyRequest, type RenamePasskeyRequest, type RequireSecondFactorRequest,
      type Resealed, type RevokeFactorsRequest, type SecondFactorRequest, type SessionDemand, type SignedIn, type StartedCeremony,
      type TotpSetup, type TotpSignInRequest,
      type AddProviderRequest, type BackchannelLogoutRequest, type Discovered, type EnterAddressRequest, type EnteredAddress,
      type ExportedIdentity, type FurtherStep, type IdentityInfo, type LinkRequest, type ProviderAnswer, type ProviderCheck,
      type ProviderDetails, type ProviderInfo, type ProviderOutcome, type ProviderReauthenticationRequest,
      type ProviderSignInRequest, type ReplaceSecretRequest, type StartedFlow, type UnlinkRequest, type WaitingIdentity,
    } from 'bienvenue-auth'

    export async function secondFactors(auth: Auth, caller: SessionCaller, id: number): Promise<void> {
      const demand: SessionDemand = { fresh: true, aal: 'strongest' }
      await auth.sessions.verify(demand, caller)
      const setup: TotpSetup = await auth.factors.startTotp(caller)
      const confirm: ConfirmTotpRequest = { code: setup.secret }
      const enrolled: Enrolled = await auth.factors.confirmTotp(confirm, caller)
      console.log(enrolled.recoveryCodes)
      const list: FactorList = await auth.factors.list(caller)
      const info: FactorInfo = list
      const passkeys: readonly PasskeyInfo[] = info.passkeys
      const onOff: SecondFactorRequest = { enabled: passkeys.length > 0 }
      await auth.factors.setSecondFactor(onOff, caller)
      const purpose: CeremonyRequest = { purpose: 'add_passkey' }
      const { ceremony, options }: StartedCeremony = await auth.passkeys.startCeremony(purpose, caller)
      const both: PasskeyCreationOptions | PasskeyRequestOptions = options
      const add: AddPasskeyRequest = { ceremony, credential: both }
      const added: AddedPasskey = await auth.passkeys.add(add, caller)
      const rename: RenamePasskeyRequest = { id: added.passkey.id, name: 'x' }
      await auth.passkeys.rename(rename, caller)
      const remove: RemovePasskeyRequest = { id: rename.id }
      await auth.passkeys.remove(remove, caller)
      const pending: PendingSignIn = await auth.signIn.pending(caller)
      const totp: TotpSignInRequest = { code: pending.id }
      const next: SignedIn | AwaitedSignIn = await auth.signIn.withTotp(totp, caller)
      const code: RecoveryCodeSignInRequest = { code: next.next }
      const recovered: RecoveryCodeSignInResult = await auth.signIn.withRecoveryCode(code, caller)
      const passkey: PasskeySignInRequest = { ceremony, credential: recovered.newRecoveryCode }
      await auth.signIn.withPasskey(passkey, caller)
      const revoke: RevokeFactorsRequest = { totp: true, passkeys: true }
      await auth.users.revokeFactors(id, revoke)
      const require: RequireSecondFactorRequest = { required: true }
      await auth.users.requireSecondFactor(id, require)
      const resealed: Resealed = await auth.secrets.reseal()
      const exported: [ExportedFactors?, ExportedPasskey?] = []
      console.log(resealed.resealed, exported)
    }

    const mailer: Mailer = {
      async send(mail: Mail): Promise<void> {
        const words: string[] = [mail.id, mail.to, mail.subject, mail.text, mail.html ?? '', mail.language]
        const { kind, url, data }: MailContent = mail
        console.log(kind, url, data)
        if (words.includes('')) throw new MailRefused('empty')
        throw new MailError('not today')
      },
      close() {},
    }
    const logger: Logger = { debug() {}, info() {}, warn() {}, error(fields, message) { console.log(fields, message) } }
    const hasher: Hasher = {
      hash: async (password) => password,
      verify: async (password, storedHash) => password === storedHash,
      verifyNothing: async () => {},
      needsRehash: () => false,
    }
    const hooks: Hooks = {
      beforeSignUp({ email, normalizedEmail }: SignUpAttempt, { ip }: HookClient) {
        if (ip === undefined) throw new HookRefusal('no_address', email + normalizedEmail)
      },
      async afterSignUp({ user }: SignedUp) {
        console.log(user.id)
      },
      beforeSignIn({ user, method }: SignInAttempt) {
        if (method === 'password') throw new HookRefusal(user.email)
      },
    }
    const link: MailLink = async ({ token, email, kind }: LinkParts) => token + email + kind
    const links: MailLinks = { reset_password: link, confirm_email: 'https://app.example.com/#{token}' }
    const kind: MailKind = 'new_device'
    const write: MailTemplate<'new_device'> = (input: TemplateInput<'new_device'>): MailText => {
      const { signIns, count }: MailData<'new_device'> = input.data
      const [latest]: readonly SignIn[] = signIns
      return { subject: kind, text: input.to + count + latest?.at.toISOString(), html: null }
    }
    const templates: MailTemplates = { new_device: write, reset_password: ({ url }) => ({ subject: 'x', text: url }) }
    const mail: MailOptions = { links, templates }
    const options: CreateAuthOptions = {
      mode: 'production', baseUrl: 'https://auth.example.com', secretKey: 'x', smtpUrl: 'smtps://h', mailFrom: 'a@b.c',
      trustedProxies: '10.0.0.0/8', databaseUrl: 'sqlite::memory:', passwordHash: 'argon2id', bcryptCost: 12, maxImportedHashCost: 25,
      minPasswordLength: 15, passwordBlocklist: true, contextWords: 'x', breachCheckUrl: 'off',
      resetTokenDelivery: 'mail', resetEndsSessions: true, registrationAnswer: 'uniform', emailVerification: true, secureCookie: true,
      hstsSubdomains: true, publicApiDocs: false, sessionLifetimeSeconds: 60, sessionIdleSeconds: 0, sessionsPerUser: 1,
      reauthenticationSeconds: 60, resetTokenLifetimeSeconds: 60, emailTokenLifetimeSeconds: 60,
      unconfirmedAccountSeconds: 86_400, throttle: true, loginFailuresPerAccount: 2, loginFailuresPerIp: 2,
      loginFailuresUntilLock: 0, signInsPerAccount: 2, signInsPerIp: 2, resetRequestsPerAccount: 2, resetRequestsPerIp: 2, registrationsPerIp: 2,
      mailsPerMailbox: 1, mailsPerHour: 1, auditRetentionDays: 1, ipRetentionDays: 1,
      now: () => new Date(), hasher, mailer, logger, hooks, mail,
      onAudit: (record: AuditRecord) => console.log(record.action, record.at.getTime(), record.userId?.toFixed()),
    }
    const pool: PostgresPool | undefined = undefined
    const database: GivenDatabase | undefined = pool
    const auth: Auth = await createAuth({ ...options, database })
    const inForce: Options = auth.options
    const carrier: Mailer | null = auth.mailer
    const body: IncomingBody = { bytes: new Uint8Array() }
    const incoming: Incoming = {
      method: 'GET', target: '/', peer: undefined, header: () => null, readBody: async () => body,
    }
    const rendered: Rendered = await auth.answer(incoming)
    console.log(rendered.status, rendered.headers.length, rendered.body?.length)
    const client: Client = { ip: '192.0.2.1', userAgent: 'x', requestId: 'x', acceptLanguage: 'de', deviceToken: 'x' }
    const connection: Connection = { ip: client.ip }

    const newAccount: NewAccount = { email: 'a@b.c', password: 'x', confirmed: true }
    const withLink: CreateUserRequest = { email: 'b@b.c', sendLink: true }
    console.log(withLink)
    const user: Account = await auth.users.create(newAccount)
    const classicUser: User = await auth.db.findUserBy({ id: user.id })
    console.log(classicUser.hashedPassword)
    const states: (Date | string | null)[] = [user.emailVerifiedAt, user.passwordCompromisedAt, user.locale]
    const signUp: RegisterRequest = { email: 'a@b.c', password: 'x' }
    const signedUp: RegisterResult = await auth.account.register(signUp, client)
    const again: ConfirmationRequest = { email: signedUp.email }
    await auth.account.requestConfirmation(again)
    const confirm: ConfirmEmailRequest = { token: 'x', password: 'x' }
    const account: Account = await auth.account.confirmEmail(confirm)

    const credentials: PasswordSignInRequest = { email: 'a@b.c', password: 'x' }
    const login: SignInResult = await auth.signIn.withPassword(credentials, client)
    if (login.next !== 'signed_in') throw new Error('there is another step')
    const device: string | null = login.deviceToken
    const actor: Actor = { kind: 'operator', id: 'alice' }
    const caller: Caller = { ...client, actor }
    const bearer: SessionCaller = { ...caller, sessionToken: login.sessionToken }
    const current: CurrentSession | null = await auth.sessions.current(bearer)
    console.log(current?.user.email, current?.session.expiresAt)
    const vouched: CreateSessionRequest = { email: 'a@b.c' }
    console.log(await auth.sessions.create(vouched, caller))
    const sessions: SessionInfo[] = await auth.sessions.list(bearer)
    const end: EndSessionRequest = { id: sessions[0]?.id ?? '' }
    await auth.sessions.end(end, bearer)
    const ended: number = await auth.sessions.endOthers(bearer)
    const typed: ReauthenticateRequest = { password: 'x' }
    const renewed: RenewedSession = await auth.signIn.reauthenticate(typed, bearer)
    const change: ChangePasswordRequest = { currentPassword: 'x', newPassword: 'y' }
    const changed: RenewedSession = await auth.account.changePassword(change, bearer)
    const move: ChangeEmailRequest = { email: 'b@b.c' }
    await auth.account.changeEmail(move, bearer)
    const all: AccountExport = await auth.account.export(bearer)
    const gone: Account = await auth.account.delete(bearer)

    const forgotten: PasswordResetRequest = { email: 'a@b.c' }
    await auth.account.requestPasswordReset(forgotten, client)
    const reset: ResetToken = await auth.account.createResetToken(forgotten)
    const askForCode: MailCodeRequest = { purpose: 'reset_password', email: 'a@b.c' }
    const byCode: [ConfirmByCodeRequest, ResetByCodeRequest, ChangeEmailByCodeRequest] = [
      { code: '1234 5678' }, { code: '12345678', newPassword: 'z' }, { code: '12345678' },
    ]
    const newPassword: ResetPasswordRequest = { resetToken: reset.resetToken, newPassword: 'z', email: 'a@b.c' }
    const owner: Account = await auth.account.resetPassword(newPassword)

    const did: boolean[] = [
      await auth.users.confirmEmail(1), await auth.users.unlock(1), await auth.users.markPasswordCompromised(1),
      await auth.sessions.signOut({ ...client, sessionToken: login.sessionToken }),
    ]
    const query: AuditQuery = { userId: 1, action: 'login', since: new Date() }
    for await (const record of auth.audit.list(query)) {
      const entry: AuditEntry = record
      console.log(entry.outcome, entry.details, entry.email?.length)
    }
    const state: AccountState = 'unconfirmed'
    const some: UserQuery = { state, email: 'a@', since: new Date(), afterId: 1 }
    for await (const found of auth.users.list(some)) {
      const listed: ListedUser = found
      console.log(listed.state)
    }
    const described: UserDescription | null = await auth.users.find('a@b.c')
    const live: SessionSummary[] = await auth.users.listSessions(described?.user.id ?? 1)
    const other: SetEmailRequest = { email: 'b@b.c', confirmed: true }
    did.push(
      await auth.users.sendPasswordReset(1), await auth.users.sendConfirmation(1), await auth.users.setEmail(1, other), live.length > 0,
    )
    const tooShort = new AuthError('password_too_short', { minLength: 15 })
    const code: ErrorCode = tooShort.code
    console.log(code, tooShort.minLength, tooShort.maxBytes, tooShort.sentence)
    const firebase: FirebaseProject = {
      signerKey: new Uint8Array(64), saltSeparator: new Uint8Array(1), rounds: 8, memCost: 14,
    }
    const importing: ImportOptions = { dryRun: true, firebase }
    const items: ImportItem[] = [{ fields: { email: 'c@b.c' } }, { problem: 'x' }]
    for await (const step of auth.transfer.importUsers(items, importing)) {
      const { added, unchanged, rejected }: ImportStep = step
      console.log(added, unchanged, rejected.map(({ item, problem }) => items.indexOf(item) + problem))
    }
    const exporting: ExportOptions = { withHashes: true }
    for await (const moved of auth.transfer.exportUsers(exporting)) {
      const line: ExportedUser = moved
      console.log(line.hashed_password)
    }
    const removed: Removed = await auth.deleteExpired()
    const counts: number[] = [await auth.users.endEverySession(), await auth.delivery.count(), removed.accounts]
    const [unsent]: MailProblem[] = await auth.delivery.listProblems()
    console.log(unsent?.problem, unsent?.mails.toFixed())
    const restored: FinishRestoreRequest = { keepSessions: false }
    const over: FinishedRestore = await auth.transfer.finishRestore(restored)
    counts.push(over.sessions, over.tokens)
    const request: RequestLike = { headers: { authorization: 'Bearer x' } }
    const owner2: Account | null = (await auth.getSession(request))?.user ?? null
    const presented: Presented = auth.callerOf(request, connection)
    const transport: Transport = presented.transport ?? 'bearer'
    const forApp: string | null = await auth.sessions.create({ email: 'a@b.c', transport })
    const started: StartedSession = { sessionToken: forApp ?? 'x', expiresAt: new Date(), transport, persistent: true }
    const cookies: Cookies = auth.cookies
    const fresh: NewSession = { ...renewed, ...started }
    for (const cookie of cookies.forSignIn(fresh)) {
      const { name, value, options, header }: Cookie = cookie
      const attributes: CookieAttributes = options
      console.log(name, value, attributes.httpOnly, header)
    }
    const changed2: ProfileUpdate = { name: 'Bob', picture: null }
    const plan: JsonValue = 'free'
    const metadata: JsonObject = { plan }
    const update: UserUpdate = { ...changed2, metadata, privateMetadata: null }
    const asks: StandardSchema = {
      '~standard': { version: 1, vendor: 'x', validate: (value) => ({ value: value as JsonObject }) },
    }
    const schemas: MetadataSchemas = { public: asks }
    const types: MetadataTypes & AnyMetadata = { input: {}, output: {} }
    const kept: StoredMetadata<AnyMetadata> = types.output
    const label: UserFieldText = { en: 'Company', fr: 'Entreprise' }
    const field: UserField = { label, required: true, type: 'text', maxLength: 80 }
    const fields: UserFields = { company: field, size: { label: 'Size', choices: { small: 'Small' }, signUp: true } }
    const value: UserFieldValue = 'Bienvenue'
    console.log(kept.plan, fields, await auth.account.update({ metadata: { company: value } }, bearer))
    console.log((await auth.users.update(1, update))?.name, Object.keys(schemas))
    const adding: AddProviderRequest = { preset: 'oidc', issuer: 'https://id.example.com', clientId: 'x' }
    const details: ProviderDetails = await auth.providers.add(adding)
    const provider: string = details.id
    const replacing: ReplaceSecretRequest = { id: provider, clientSecret: 'x' }
    const checked2: ProviderCheck | null = (await auth.providers.replaceSecret(replacing)) ? await auth.providers.check(provider) : null
    const discovered: Discovered | null = checked2?.discovered ?? null
    const offered: readonly ProviderInfo[] = await auth.providers.available()
    const there: ProviderSignInRequest = { provider, remember: false }
    const flow: StartedFlow = await auth.providers.startSignIn(there)
    const visitor: SessionCaller = { sessionToken: null, flowToken: flow.flowToken }
    const back: ProviderAnswer = { provider, parameters: {} }
    const outcome: ProviderOutcome = await auth.providers.completeSignIn(back, visitor)
    const missing: FurtherStep | null = outcome.next === 'account_exists' ? outcome : null
    const waiting: WaitingIdentity = await auth.providers.waiting(visitor)
    const entering: EnterAddressRequest = { email: 'a@b.c' }
    const entered: EnteredAddress = await auth.providers.enterAddress(entering, visitor)
    const anew: ProviderReauthenticationRequest & LinkRequest = { provider }
    const proofs: StartedFlow[] = [await auth.providers.startReauthentication(anew, visitor), await auth.identities.link(anew, visitor)]
    const ended2: BackchannelLogoutRequest = { provider, logoutToken: 'x' }
    const [identity]: IdentityInfo[] = await auth.identities.list(visitor)
    const removing: UnlinkRequest = { id: identity?.id ?? '' }
    await auth.identities.unlink(removing, visitor)
    for await (const { identities } of auth.transfer.exportUsers()) {
      const exportedIdentities: readonly ExportedIdentity[] = identities
      console.log(exportedIdentities.length, discovered?.issuer, offered, missing?.flow, waiting.next, entered.next, proofs)
    }
    console.log(await auth.providers.endSessionsFrom(ended2))
    const testing: Testing = auth.testing
    const testSession: TestSession = await testing.signIn('a@b.c')
    console.log(testSession.user.id, Object.keys(testSession.headers))
    console.log(inForce.mode, carrier, connection, states, account.id, device, ended, renewed.user.email)
    console.log(changed.sessionToken, all.audit.length, gone.email, owner.email, did, counts, owner2?.createdAt)
    try {
      await auth.close()
    } catch (error) {
      if (error instanceof OptionError) {
        const problems: readonly OptionProblem[] = error.problems
        console.log(problems.map(({ option, problem }) => option + problem))
      }
      if (error instanceof Conflict) throw error
    }
`

/** Metadata with schemas: what is read, what is written, and what hooks get. */
const METADATA_TYPED = `
  import { type Auth, createAuth } from 'bienvenue-auth'
  import { z } from 'zod'

  type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
  const same = <A, B>(equal: Equal<A, B>) => equal

  interface Plan { plan?: 'free' | 'pro', seats?: number }
  type PlanOf<User extends { metadata: unknown }> = { [Name in keyof User['metadata']]: User['metadata'][Name] }

  const auth = await createAuth({
    metadataSchema: {
      public: z.strictObject({ plan: z.enum(['free', 'pro']), seats: z.number().default(1) }),
      private: z.object({ customer: z.string() }),
    },
    hooks: {
      afterSignUp: ({ user }) => void same<PlanOf<typeof user>, Plan>(true),
      async beforeSignIn({ user }) {
        same<PlanOf<typeof user>, Plan>(true)
      },
    },
  })
  const caller = { sessionToken: null }
  const read = [
    (await auth.getSession(new Headers()))?.user,
    (await auth.sessions.current(caller))?.user,
    (await auth.sessions.verify({}, caller)).user,
    await auth.account.get(caller),
    await auth.account.update({ name: 'Bob' }, caller),
    await auth.users.create({ email: 'a@b.c', password: 'x', metadata: { plan: 'free' } }),
    (await auth.users.find('a@b.c'))?.user,
    // A default of the schema may be left out.
    await auth.users.update(1, { metadata: { plan: 'pro' }, privateMetadata: { customer: 'x' } }),
  ] as const
  type Read = PlanOf<NonNullable<(typeof read)[number]>>
  same<Read, Plan>(true)
  for await (const user of auth.users.list()) same<PlanOf<typeof user>, Plan>(true)

  const [email, password] = ['a@b.c', 'x']
  const signedIn = [
    await auth.signIn.withPassword({ email, password }),
    await auth.signIn.withTotp({ code: '' }, caller),
    await auth.signIn.withRecoveryCode({ code: '' }, caller),
    await auth.signIn.withPasskey({ ceremony: '', credential: null }, caller),
    await auth.mailCodes.confirmEmail({ code: '' }),
    await auth.providers.completeSignIn({ provider: '', parameters: {} }, caller),
    await auth.providers.enterAddress({ email }, caller),
  ] as const
  for (const result of signedIn)
    if (result.next === 'signed_in') {
      same<PlanOf<typeof result.user>, Plan>(true)
      auth.cookies.forSignIn(result)
    }
  const setUp = [
    await auth.factors.confirmTotp({ code: '' }, caller),
    await auth.passkeys.add({ ceremony: '', credential: null }, caller),
  ] as const
  const users = [
    (await auth.account.changePassword({ currentPassword: '', newPassword: '' }, caller)).user,
    (await auth.account.createResetToken({ email })).user,
    (await auth.account.export(caller)).account,
    (await auth.signIn.reauthenticate({ password }, caller)).user,
    (await auth.testing.signIn(email)).user,
    await auth.account.confirmEmail({ token: '', password }),
    await auth.account.delete(caller),
    await auth.account.resetPassword({ resetToken: '', newPassword: '' }),
    await auth.mailCodes.changeEmail({ code: '' }, caller),
    await auth.mailCodes.resetPassword({ code: '', newPassword: '' }),
    ...setUp.map(({ signedIn, renewed }) => (signedIn ?? renewed)?.user),
  ] as const
  same<PlanOf<NonNullable<(typeof users)[number]>>, Plan>(true)
  const own = await auth.users.privateMetadata(1)
  same<string | undefined, NonNullable<typeof own>['customer']>(true)
  await auth.users.update(1, { metadata: null })

  // @ts-expect-error: there is no such member.
  read[0]?.metadata.plna
  // @ts-expect-error: there is no such plan.
  await auth.users.update(1, { metadata: { plan: 'gold' } })
  // @ts-expect-error: the plan is missing.
  await auth.users.update(1, { metadata: { seats: 2 } })
  // @ts-expect-error: not text.
  await auth.users.create({ email: 'a@b.c', password: 'x', privateMetadata: { customer: 7 } })

  const untyped: Auth = auth
  const one = await createAuth({ metadataSchema: { public: z.looseObject({}) } })
  await one.users.update(1, { privateMetadata: { anything: [1, { goes: true }] } })
  console.log(untyped, (await one.users.privateMetadata(1))?.anything)
`

it('supports in strict TypeScript every step of the classic exercise, explicit annotations with every exported type, and metadata with the types of its schemas', async () => {
  const sources = { 'classic.ts': CLASSIC_TYPED, 'typed.ts': TYPED, 'metadata.ts': METADATA_TYPED }
  expect(await compile(sources)).toEqual([])
  // Where optional members may be undefined.
  if (IS_FULL) expect(await compile(sources, { exactOptionalPropertyTypes: false })).toEqual([])
})

/** The adapters, with the metadata of the service that they connect. */
const ADAPTERS_TYPED = `
  import { Hono } from 'hono'
  import express from 'express'
  import fastify from 'fastify'
  import { H3 } from 'h3'
  import { createAuth } from 'bienvenue-auth'
  import { bienvenue as forExpress } from 'bienvenue-auth/adapters/express'
  import { bienvenue as forFastify } from 'bienvenue-auth/adapters/fastify'
  import { bienvenue as forH3 } from 'bienvenue-auth/adapters/h3'
  import { type BienvenueVariables, bienvenue as forHono } from 'bienvenue-auth/adapters/hono'
  import { bienvenue as forNext } from 'bienvenue-auth/adapters/next'
  import { type SignedIn, type SvelteKitEvent, bienvenue as forSvelteKit } from 'bienvenue-auth/adapters/sveltekit'
  import { z } from 'zod'

  type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
  const same = <A, B>(equal: Equal<A, B>) => equal
  type Found = SignedIn<{ plan?: 'free' | 'pro', since?: unknown }>
  type PlanOf<Found extends SignedIn<object> | null> = NonNullable<Found>['user']['metadata'] extends infer Metadata
    ? { [Name in keyof Metadata]: Metadata[Name] }
    : never
  interface Plan { plan?: 'free' | 'pro', since?: unknown }

  // JSON cannot express a member of this schema, as far as the types tell.
  const open = () => createAuth({ metadataSchema: { public: z.object({ plan: z.enum(['free', 'pro']), since: z.unknown() }) } })
  const auth = await open()
  const remote = { url: 'http://bienvenue:5000' }

  const hono = forHono(auth)
  export const app = new Hono()
    .all('/auth/*', hono.mount)
    .get('/me', hono.identify, (c) => {
      same<PlanOf<typeof c.var.signedIn>, Plan>(true)
      return c.text(c.var.signedIn?.user.metadata.plan ?? '')
    })
    .get('/private', hono.requireUser(), (c) => {
      same<PlanOf<typeof c.var.signedIn>, Plan>(true)
      return c.text(c.var.signedIn.user.metadata.plan ?? '')
    })
  export const variables = new Hono<{ Variables: BienvenueVariables<Plan> }>()

  const own = forExpress(auth)
  express().use('/auth', own.mount).get('/me', own.identify, (request, response) => {
    same<PlanOf<ReturnType<typeof own.signedIn>>, Plan>(true)
    response.send([own.signedIn(request)?.user.metadata.plan, request.signedIn?.user.metadata.plan])
  })
  const ofFastify = forFastify(auth)
  fastify().get('/me', { preHandler: ofFastify.identify }, (request) => {
    same<PlanOf<ReturnType<typeof ofFastify.signedIn>>, Plan>(true)
    return ofFastify.signedIn(request)?.user.metadata.plan
  })
  const ofH3 = forH3(auth)
  new H3().get('/me', (event) => ofH3.signedIn(event)?.user.metadata.plan, { middleware: [ofH3.identify] })
  same<PlanOf<ReturnType<typeof ofH3.signedIn>>, Plan>(true)

  for (const next of [forNext(auth), forNext(open)]) {
    same<PlanOf<Awaited<ReturnType<typeof next.getSession>>>, Plan>(true)
    next.requireUser(({ user }) => new Response(user.metadata.plan))
  }
  const kit = forSvelteKit(open)
  kit.requireUser((event: SvelteKitEvent<Plan>, { user }) => {
    same<'free' | 'pro' | undefined, typeof user.metadata.plan>(true)
    return new Response(event.locals.signedIn?.user.metadata.plan)
  })

  // A remote service tells no types, so the program may.
  same<Plan, PlanOf<Awaited<ReturnType<ReturnType<typeof forNext<Plan>>['getSession']>>>>(true)
  forHono<Plan>(remote)
  const typed = [forExpress<Plan>(remote).signedIn({}), forSvelteKit<Plan>(remote)] as const
  same<PlanOf<(typeof typed)[0]>, Plan>(true)
  const untyped = (await forNext(remote).getSession(new Headers()))?.user.metadata['anything']
  // @ts-expect-error: there is no such member.
  own.signedIn({})?.user.metadata.plna
  export const found: Found | null = own.signedIn({})
  console.log(untyped)
`

it('carries the types of metadata into the adapters', async () => {
  // The declarations of the frameworks are not ours to check.
  expect(await compile({ 'adapters.ts': ADAPTERS_TYPED }, { skipLibCheck: true })).toEqual([])
})

const CLIENT = `
  import {
    type CallOptions, type Client, type ClientError, type ClientOptions, createClient, type CurrentSession, type Fetch,
    type GeneralErrorCode, type Result, type SessionStore, type TokenStore,
  } from 'bienvenue-auth/client'

  let kept: string | null = null
  const token: TokenStore = { get: () => kept, set: (next) => { kept = next } }
  const send: Fetch = async () => ({ ok: true, status: 204, headers: { get: () => null }, text: async () => '' })
  const options: ClientOptions = { baseUrl: 'https://auth.example.com', fetch: send, token }
  const client: Client = createClient(options)
  const none: CallOptions = {}
  const result: Result<{ sessions: { id: string; ip: string | null }[] }> = await client.sessions.list(none)
  export const error: ClientError | null = result.ok ? null : result.error
  const session: SessionStore = client.session
  export const stop: () => void = session.subscribe((current: CurrentSession | undefined) => current?.user?.email)
  export const general: GeneralErrorCode = 'invalid_response'
  // @ts-expect-error: a field is missing.
  client.signIn.withPassword({ email: 'bob@example.com' })
  // @ts-expect-error: there is no such field.
  client.sessions.end({ id: 'x', all: true })
  // @ts-expect-error: a page has no method.
  client.pages
`

it.each([
  ['a browser', { lib: ['es2022', 'dom'], types: [], module: 'esnext', moduleResolution: 'bundler' }],
  // The types of zod name `URL`.
  ['a platform without the types of a browser or Node', { lib: ['es2022'], types: [], skipLibCheck: true }],
])('types the client for %s', async (_, overrides) => {
  expect(await compile({ 'program.ts': CLIENT }, overrides)).toEqual([])
})

it('exports no name that these programs do not use', () => {
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
  const used = `${TYPED}${CLASSIC_TYPED}`
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(used))).toEqual([])
})

const WRONG = [
  ['a session for a number', `await auth.createSession(42)`],
  ['a look-up by an unknown column', `await auth.db.findUserBy({ nonsense: 'x' })`],
  ['a change of an unknown column', `await auth.db.updateUser(1, { nonsense: 'x' })`],
  ['a change of the id', `await auth.db.updateUser(1, { id: 2 })`],
  ['a look-up of users without a session', `await auth.db.findUserBy({ sessionId: null })`],
  ['a nullable session id as a string', `const text: string = await auth.createSession('a@b.c')`],
  ['a nullable user as a user', `(await auth.getUserFromSessionId('x')).email`],
  ['an unknown option', `await createAuth({ databaseURL: 'sqlite::memory:' })`],
  ['an option of another type', `await createAuth({ bcryptCost: '12' })`],
  ['an unknown error code', `new AuthError('nonsense')`],
  ['an unknown mode', `await createAuth({ mode: 'staging' })`],
  ['a mailer without close', `await createAuth({ mailer: { async send() {} } })`],
  [
    'a password change without the new one',
    `await auth.account.changePassword({ currentPassword: 'y' }, { sessionToken: 'x' })`,
  ],
  ['an address change without a session', `await auth.account.changeEmail({ email: 'a@b.c' })`],
  [
    'the password hash of a signed-in user',
    `(await auth.signIn.withPassword({ email: 'a@b.c', password: 'x' })).user.hashedPassword`,
  ],
  ['an unknown audit filter', `auth.audit.list({ email: 'a@b.c' })`],
  ['a confirmation without a password', `await auth.account.confirmEmail({ token: 'x' })`],
  ['an assignment to a user', `(await auth.db.findUserBy({ id: 1 })).email = 'x'`],
]

it('rejects wrong uses at compile time', async () => {
  const program = [
    `import { AuthError, createAuth } from 'bienvenue-auth'`,
    'const auth = await createAuth()',
    ...WRONG.map(([, line]) => `{ ${line} }`),
    'console.log(AuthError)',
  ]
  const errors = await compile({ 'program.ts': program.join('\n') }, { skipLibCheck: true })
  const refused = new Set(errors.map((error) => Number(/^program\.ts\((\d+),/.exec(error)?.[1]) - 3))
  // Unused names are not errors here, so each line fails only for its misuse.
  expect(WRONG.filter((_, index) => !refused.has(index)).map(([name]) => name)).toEqual([])
  expect(Math.max(...refused)).toBeLessThan(WRONG.length)
})

it('documents every member of `auth`, its options and its results for editors', () => {
  // Editors show the comment above a member, or above the row that an option is mapped from.
  const text = (file: string) => readFileSync(join(installed, 'dist', file), 'utf8')
  const topics =
    'service pages database mail passwords account sessions factors providers throttling audit'.split(' ')
  const tables = topics.map((topic) => text(`options/${topic}.d.ts`))
  const rows = tables.flatMap((table) =>
    [...table.matchAll(/^ {4}readonly (\w+): \{$/gm)].map(([, name]) => name),
  )
  expect(rows).toEqual(Object.keys(OPTION_TABLE))
  const options = text('options/index.d.ts')
  const interfaces = ['Hasher', 'AuthOptions'].map(
    (name) =>
      new RegExp(`^export interface ${name}\\b[^]*?^}`, 'm').exec(options)?.[0] ?? expect.unreachable(name),
  )
  const sources = [
    ...['auth/service.d.ts', 'index.d.ts', 'model/user.d.ts'].map(text),
    ...interfaces,
    ...tables,
  ]
  const undocumented = sources.flatMap((source) => {
    const lines = source.split('\n')
    return lines.filter((line, index) => {
      const isMember = /^ {4}(?:readonly )?\w+\??(?:\(|: )/.test(line) && !/: typeof \w+;$/.test(line)
      return isMember && !lines[index - 1]?.trimEnd().endsWith('*/')
    })
  })
  expect(undocumented).toEqual([])
})

it('shows the comment of every use case in editors', () => {
  // The members of `auth` and of the client are mapped from the use cases and the contract, so ask the compiler, as editors do.
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
      if (isUseCase) (isDocumented ? documented : undocumented).push(name)
      // A topic has no comment of its own, unlike `options` and `mailer`.
      else if (!isDocumented || name === 'db') visit(member, `${name}.`)
    }
  }
  for (const owner of exported) visit(owner, owner.name === 'auth' ? '' : 'client.')
  expect(undocumented).toEqual([])
  expect(documented).toEqual(
    expect.arrayContaining([
      ...['account.delete', 'db.addUser', 'fetch', 'registerUser'],
      ...['client.account.delete', 'client.sessions.list', 'client.onSignedOut'],
    ]),
  )
})
