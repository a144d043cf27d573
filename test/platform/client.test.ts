/** The built client: its size, where it runs, and what its types promise to the compiler of an app. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { expect, it, onTestFinished } from 'vitest'
import { OPERATIONS, refusalsOf } from '../../src/api/index.ts'
import type * as client from '../../src/client/index.ts'
import { toNodeHandler } from '../../src/node.ts'
import { BUILT_CLIENT, CLIENT_WORKS, runClient } from '../support/client.ts'
import { freshAuth } from '../support/engines.ts'
import { ROOT, run } from '../support/service.ts'
import { serve } from '../support/system.ts'

const MAX_BYTES = 5 * 1_024

/** The client as one file, as a bundler makes it. */
async function bundled(options: { readonly format?: 'esm' | 'iife' } = {}): Promise<string> {
  await using bundle = await rolldown({ input: BUILT_CLIENT, platform: 'neutral' })
  const { output } = await bundle.generate({ ...options, name: 'bienvenue', comments: false })
  expect(output).toHaveLength(1)
  return output[0].code
}

it('has at most 5 KB with gzip as one file, even if it is not minified, and imports nothing', async () => {
  const code = await bundled()
  expect(code).not.toMatch(/\bimport\b|\brequire\b/)
  expect(code).not.toMatch(/Storage\b|indexedDB|document\.cookie/)
  expect(gzipSync(code).length).toBeLessThan(MAX_BYTES)
})

/** The Node of Debian, which is older than the service needs. */
const NODE_20 = ['/usr/bin/node', '/usr/local/bin/node'].find((path) =>
  /^v2[0-3]\./.test(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout ?? ''),
)
if (NODE_20 === undefined)
  process.stderr.write('SKIPPED: the client on an older Node. Install one of versions 20 to 23 to run it.\n')

it.runIf(NODE_20)('runs on Node 20, which is too old for the service', async () => {
  expect(await runClient(NODE_20 ?? '')).toEqual(CLIENT_WORKS)
})

it('needs no global but fetch, as in React Native, where a window has no events', async () => {
  const auth = await freshAuth('sqlite')
  await auth.account.register({ email: 'bob@example.com', password: 'b4l0u' })
  const url = await serve(toNodeHandler(auth))
  // Only what the language itself has, and these.
  const globals: Record<string, unknown> = { fetch: (...given: Parameters<typeof fetch>) => fetch(...given) }
  globals.window = globals
  createContext(globals)
  const { createClient } = runInContext(
    `${await bundled({ format: 'iife' })}; bienvenue`,
    globals,
  ) as typeof client
  let token: string | null = null
  const store = {
    get: () => token,
    set: (next: string | null) => {
      token = next
    },
  }
  const mobile = createClient({ baseUrl: url, token: store })
  const told: unknown[] = []
  const stop = mobile.session.subscribe((current) => told.push(current?.user?.email))
  expect(await mobile.signIn.withPassword({ email: 'bob@example.com', password: 'b4l0u' })).toMatchObject({
    ok: true,
  })
  expect(await mobile.session.get()).toMatchObject({ ok: true, data: { user: { email: 'bob@example.com' } } })
  expect(await mobile.sessions.signOut()).toEqual({ ok: true, data: undefined })
  expect([token, told.at(-2), told.at(-1)]).toEqual([null, 'bob@example.com', undefined])
  stop()
})

/** An app that handles every refusal of a sign-in, and reads what it needs. */
const APP = `
  import { createClient, type GeneralErrorCode } from 'bienvenue-auth/client'

  const client = createClient({ baseUrl: '/auth' })

  export async function signIn(email: string, password: string): Promise<string> {
    const result = await client.signIn.withPassword({ email, password })
    if (result.ok) return 'email' in result.data ? result.data.email : result.data.next
    const { code, message } = result.error
    switch (code) {
      case 'invalid_credentials':
      case 'password_compromised':
      case 'password_too_long':
      case 'refused_by_application':
      case 'too_many_attempts':
        return code
      default:
        code satisfies GeneralErrorCode
        return message
    }
  }

  export async function lastSeen(): Promise<string[]> {
    const result = await client.sessions.list()
    return result.ok ? result.data.sessions.map(({ last_seen_at }) => last_seen_at) : []
  }
`

interface Change {
  readonly file: string
  readonly from: string
  readonly to: string
}

/** The libraries that the guide connects the client with, as far as it uses them. */
const LIBRARIES = `
  declare module 'react' {
    export function useSyncExternalStore<Value>(
      subscribe: (onChange: () => void) => () => void,
      getSnapshot: () => Value,
      getServerSnapshot?: () => Value,
    ): Value
  }
  declare module 'vue' {
    export function shallowRef<Value>(): { value: Value | undefined }
    export function onScopeDispose(end: () => void): void
  }
  declare module 'expo-secure-store' {
    export function getItemAsync(key: string): Promise<string | null>
    export function setItemAsync(key: string, value: string): Promise<void>
    export function deleteItemAsync(key: string): Promise<void>
  }
`

/** The programs in the guide. */
function programsOfGuide(): string[] {
  const guide = readFileSync(join(ROOT, 'docs/guide/client.md'), 'utf8')
  return [...guide.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, program = '']) => program)
}

/** Compiles the sources of the client, after some changes, with programs. @returns What the compiler says. */
async function compile(programs: readonly string[], changes: readonly Change[] = []): Promise<string> {
  mkdirSync(join(ROOT, '.cache'), { recursive: true })
  const folder = mkdtempSync(join(ROOT, '.cache', 'client-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const room of ['api', 'model', 'client'])
    cpSync(join(ROOT, 'src', room), join(folder, 'src', room), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir')
  for (const { file, from, to } of changes) {
    const path = join(folder, 'src', file)
    const source = readFileSync(path, 'utf8')
    expect(source).toContain(from)
    writeFileSync(path, source.replace(from, to))
  }
  for (const [index, program] of programs.entries()) writeFileSync(join(folder, `app${index}.ts`), program)
  writeFileSync(join(folder, 'libraries.d.ts'), LIBRARIES)
  const compilerOptions = {
    types: [],
    lib: ['es2024', 'dom', 'dom.iterable'],
    paths: { 'bienvenue-auth/client': ['./src/client/index.ts'] },
  }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: ['*.ts'] }),
  )
  return (await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder, '--checkers', '1'], { cwd: folder }))
    .stdout
}

it('compiles in an app and in the guide, with the refusals of every operation', async () => {
  const included = OPERATIONS.filter(
    // Providers call it, not applications.
    ({ tag, success, form }) => tag !== 'page' && success.status !== 302 && !form,
  )
  const checks = included.map((operation) => {
    const refusals = new Set(refusalsOf(operation))
    const codes = [...refusals].map((code) => `'${code}'`).join(' | ') || 'never'
    return `export const _${included.indexOf(operation)}: Same<CodesOf<Client['${operation.id.replace('.', "']['")}']>, ${codes}> = true`
  })
  const program = `${APP}
    import type { Client, Result } from 'bienvenue-auth/client'
    type CodesOf<Call> = Call extends (...given: never[]) => Promise<Result<unknown, infer Code>> ? Code : never
    type Same<Given, Own> = [Given, Own | GeneralErrorCode] extends [Own | GeneralErrorCode, Given] ? true : never
    ${checks.join('\n')}
  `
  expect(checks.length).toBeGreaterThan(20)
  const guide = programsOfGuide()
  expect(guide.length).toBeGreaterThan(3)
  expect(await compile([program, ...guide])).toBe('')
})

/** Changes of the contract, each with the complaint of the compiler. They are independent, so one run shows all. */
const BREAKING: readonly (Change & { readonly what: string; readonly complaint: RegExp })[] = [
  {
    what: 'an operation without a method',
    file: 'api/sessions.ts',
    from: 'export const list =',
    to: 'export const all = current\nexport const list =',
    complaint: /^src\/client\/routes\.ts.*Property 'all' is missing/m,
  },
  {
    what: 'a method without an operation',
    file: 'api/account.ts',
    from: 'export const changeEmail =',
    to: 'export const changeAddress =',
    complaint: /^src\/client\/routes\.ts.*'changeEmail' does not exist/m,
  },
  {
    what: 'another path',
    file: 'api/sign-in.ts',
    from: "path: '/reauthenticate'",
    to: "path: '/confirm'",
    complaint: /^src\/client\/routes\.ts.*'"\/reauthenticate"' is not assignable to type '"\/confirm"'/m,
  },
  {
    what: 'a renamed field of a request',
    file: 'api/sign-in.ts',
    from: '    password,\n',
    to: '    passphrase: password,\n',
    complaint: /^app0\.ts.*'password' does not exist/m,
  },
  {
    what: 'a renamed field of an answer',
    file: 'api/fields.ts',
    from: 'last_seen_at:',
    to: 'seen_at:',
    complaint: /^app0\.ts.*Property 'last_seen_at' does not exist/m,
  },
  {
    what: 'a refusal that the app does not handle',
    file: 'api/sign-in.ts',
    from: "errors: ['invalid_credentials',",
    to: "errors: ['email_taken', 'invalid_credentials',",
    complaint: /^app0\.ts.*does not satisfy the expected type 'GeneralErrorCode'/m,
  },
]

it('does not compile with another contract: other operations, paths, fields or refusals', async () => {
  const complaints = await compile([APP], BREAKING)
  expect(BREAKING.filter(({ complaint }) => !complaint.test(complaints)).map(({ what }) => what)).toEqual([])
})
