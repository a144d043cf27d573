import { globSync, readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { expect, it } from 'vitest'

/**
 * The modules that each module may import besides itself. A module is an entry of `src/`: a folder, or a file
 * without its extension. `index`, `node` and `client` are the entry points of the package.
 */
const MODULES: Readonly<Record<string, readonly string[] | 'all'>> = {
  lib: [],
  model: [],
  log: ['lib'],
  text: ['lib'],
  options: ['model', 'lib', 'mail', 'db', 'text'],
  mail: ['model', 'lib', 'text'],
  db: ['model', 'lib'],
  auth: ['db', 'mail', 'model', 'options', 'lib', 'text'],
  api: ['model'],
  client: ['api', 'model'],
  pages: ['api', 'model', 'text', 'lib', 'options'],
  app: ['auth', 'api', 'pages', 'model', 'options', 'lib', 'log', 'text'],
  cli: 'all',
  index: 'all',
  node: 'all',
  adapters: ['app', 'api', 'model', 'lib', 'index', 'node'],
}

/** Restricts an allowed import to these files, which load no package. */
const ENTRY_FILES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  adapters: {
    app: [
      'app/cookies.ts',
      'app/credentials.ts',
      'app/paths.ts',
      'app/request-headers.ts',
      'app/responses.ts',
    ],
    api: ['api/index.ts'],
  },
  options: { mail: ['mail/index.ts', 'mail/settings.ts'], db: ['db/url.ts', 'db/naming.ts', 'db/given.ts'] },
}

/** These run where the rest of the source cannot. They may import only types from outside. */
const IMPORT_TYPES_ONLY = ['client']

/** Where each package, and the expensive built-in module `node:sqlite`, may be imported. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@fastify/busboy': ['app/multipart.ts'],
  '@node-rs/bcrypt': ['auth/passwords/hashing/bcrypt.ts'],
  '@simplewebauthn/server': ['auth/passkeys/webauthn/library.ts'],
  pg: ['db/postgres.ts', 'db/postgres-pipeline.ts', 'db/postgres-first-row.ts'],
  // `given.ts` imports its types.
  'node:sqlite': ['db/sqlite/', 'db/given.ts'],
  pino: ['log.ts'],
  kysely: ['db/'],
  hono: ['mail/layout.ts', 'pages/', 'adapters/hono.ts'],
  // Optional peers, of which only types are imported.
  fastify: ['adapters/fastify.ts'],
  h3: ['adapters/h3.ts'],
  zod: ['api/', 'app/', 'cli/metadata-schema.ts'],
  jose: ['auth/providers/protocol/library.ts'],
  nodemailer: ['mail/smtp.ts'],
  'openid-client': ['auth/providers/protocol/library.ts'],
  qr: ['lib/qr-code.ts'],
}

/** Packages that are not loaded before they are used. */
const ON_FIRST_USE = ['jose', 'openid-client', 'qr']

// Static imports, re-exports, side-effect imports and type imports: a quoted name after a keyword.
const STATIC_IMPORT = /\b(?:from|import)\s*(['"])(.*?)\1/g
// Dynamic imports: a quoted name or template in parentheses.
const DYNAMIC_IMPORT = /\b(?:import|require|import\.meta\.resolve|getBuiltinModule)\s*\(\s*(['"`])(.*?)\1/g
const COMPUTED_IMPORT = /\b(?:import|require)\s*\(\s*[^'"`\s]/
const ENVIRONMENT =
  /\bprocess\s*(?:\?\.|\.|\[\s*['"`])\s*env\b|\benv\b[^;\n]*\}\s*=\s*process\b|['"](?:node:)?process['"]|\bimport\.meta\.env\b/
const WEAK_RANDOM = /\bMath\s*(?:\?\.|\.|\[\s*['"`])\s*random\b|\brandom\b[^;\n]*\}\s*=\s*Math\b/

const moduleOf = (file: string) => file.split('/', 1)[0]?.replace(/\.ts$/, '') ?? ''
const packageOf = (name: string) => name.split('/', name.startsWith('@') ? 2 : 1).join('/')
const isWithin = (file: string, places: readonly string[]) =>
  places.some((place) => (place.endsWith('/') ? file.startsWith(place) : file === place))

/** The names of everything that a source file imports. */
const importsIn = (source: string) =>
  [STATIC_IMPORT, DYNAMIC_IMPORT].flatMap((form) => [...source.matchAll(form)].map(([, , name = '']) => name))

const TYPE_IMPORT = /\b(?:import|export) type [^'"]*\bfrom\s*(['"])(.*?)\1/g

/** The names of everything that is imported also at run time. */
const importsAtRunTime = (source: string) => importsIn(source.replaceAll(TYPE_IMPORT, ''))

/** The rule violations of a file. Its name is relative to `src/`. */
function violations(file: string, source: string): string[] {
  const found: string[] = []
  for (const name of importsIn(source)) {
    const allowed = MODULES[moduleOf(file)] ?? []
    if (name.startsWith('.')) {
      const target = posix.join(posix.dirname(file), name)
      const module = moduleOf(target)
      if (target.startsWith('../') || !Object.hasOwn(MODULES, module))
        found.push(`imports ${target}, which is not a module`)
      else if (allowed !== 'all' && module !== moduleOf(file) && !allowed.includes(module))
        found.push(`imports ${module}`)
      else if (ENTRY_FILES[moduleOf(file)]?.[module]?.includes(target) === false)
        found.push(`imports ${target}`)
      continue
    }
    const places = PACKAGES[packageOf(name)]
    if (places === undefined ? !(name.startsWith('node:') && isBuiltin(name)) : !isWithin(file, places)) {
      found.push(`imports ${name}`)
    }
  }
  if (IMPORT_TYPES_ONLY.includes(moduleOf(file)))
    for (const name of importsAtRunTime(source).filter((given) => !given.startsWith('./')))
      found.push(`imports more than types of ${name}`)
  const atStart = [...source.replaceAll(TYPE_IMPORT, '').matchAll(STATIC_IMPORT)]
  for (const [, , name = ''] of atStart.filter(([, , given = '']) => ON_FIRST_USE.includes(packageOf(given))))
    found.push(`loads ${name} at the start`)
  if (COMPUTED_IMPORT.test(source)) found.push('imports a computed name')
  if (ENVIRONMENT.test(source) && !file.startsWith('cli/')) found.push('reads the environment')
  if (WEAK_RANDOM.test(source)) found.push('uses Math.random')
  return found
}

/** These contain programs as text, in templates and in double quotes. Their own imports have single quotes. */
const WITH_PROGRAMS = ['cli/init/frameworks.ts']

const FILES = globSync('src/**/*.ts')
  .filter((path) => !path.endsWith('.test.ts'))
  .map((path) => {
    const file = path.replaceAll('\\', '/').slice('src/'.length)
    const text = readFileSync(path, 'utf8')
    return { file, source: WITH_PROGRAMS.includes(file) ? text.replaceAll(/`[^`]*`|"[^"\n]*"/g, '') : text }
  })

it('every entry of src/ is in the table of modules, and every module exists', () => {
  const entries = readdirSync('src').filter((name) => !name.endsWith('.test.ts'))
  expect(entries.map(moduleOf).toSorted()).toEqual(Object.keys(MODULES).toSorted())
})

it('every file imports only what its module may import [CRY-01]', () => {
  expect(FILES.length).toBeGreaterThan(50)
  expect(
    FILES.flatMap(({ file, source }) => violations(file, source).map((what) => `${file} ${what}`)),
  ).toEqual([])
})

it('migrations import only Kysely and db/dialect.ts, which imports only Kysely and the names', () => {
  const migrations = FILES.filter(({ file }) => file.startsWith('db/migrations/0'))
  expect(migrations.length).toBeGreaterThan(7)
  const imported = migrations.flatMap(({ source }) => importsIn(source))
  expect([...new Set(imported)].toSorted()).toEqual(['../dialect.ts', 'kysely'])
  const dialect = FILES.find(({ file }) => file === 'db/dialect.ts')?.source ?? expect.unreachable()
  expect(importsIn(dialect)).toEqual(['kysely', './naming.ts'])
})

it('only db/dialect.ts and released migrations branch on the dialect', () => {
  const branching = FILES.filter(({ source }) => /\bisSqlite\b|\bengine\s*[!=]==/.test(source)).map(
    ({ file }) => file,
  )
  expect(branching).toEqual([
    'db/dialect.ts',
    'db/migrations/0007-audit.ts',
    'db/migrations/0008-notices.ts',
    'db/migrations/0009-audit-actors.ts',
    'db/migrations/0011-audit-origins.ts',
  ])
})

it('every entry file exists and loads no package', () => {
  for (const entry of Object.values(ENTRY_FILES).flatMap((files) => Object.values(files).flat())) {
    const source = FILES.find(({ file }) => file === entry)?.source ?? expect.unreachable(entry)
    expect(importsIn(source).filter((name) => !name.startsWith('.') && !isBuiltin(name))).toEqual([])
  }
})

it('every package in the table is imported and is a dependency', () => {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
    'dependencies' | 'peerDependencies',
    Record<string, string>
  >
  const imported = FILES.flatMap(({ source }) => importsIn(source).map(packageOf))
  expect(Object.keys(PACKAGES).filter((name) => !imported.includes(name))).toEqual([])
  expect([...Object.keys({ ...dependencies, ...peerDependencies }), 'node:sqlite'].toSorted()).toEqual(
    Object.keys(PACKAGES).toSorted(),
  )
})

// Tests the rules themselves: each of these must be reported.
it.each([
  ['model/user.ts', "import { sha256 } from '../lib/digest.ts'", 'imports lib'],
  ['lib/bearer.ts', "import { AuthError } from '../model/errors.ts'", 'imports model'],
  ['log.ts', "import type { Options } from './options/index.ts'", 'imports options'],
  ['db/users.ts', "import { createApp } from '../app/index.ts'", 'imports app'],
  ['db/users.ts', "import type {\n  Context,\n  Client,\n} from '../auth/context.ts'", 'imports auth'],
  ['db/open.ts', "const { x } = await import('../options/index.ts')", 'imports options'],
  ['db/open.ts', "const { x } = await import(\n    '../options/index.ts'\n  )", 'imports options'],
  ['auth/users.ts', "export * from '../app/cookies.ts'", 'imports app'],
  ['auth/mfa/totp.ts', "import '../../api/index.ts'", 'imports api'],
  ['api/users.ts', "import { openEngine } from '../auth/index.ts'", 'imports auth'],
  ['api/users.ts', 'import { openEngine } from "../auth/index.ts"', 'imports auth'],
  ['app/routes/users.ts', "import * as store from '../../db/index.ts'", 'imports db'],
  ['app/index.ts', "import { readSettings } from '../cli/settings.ts'", 'imports cli'],
  ['auth/index.ts', "import { createAuth } from '../index.ts'", 'imports index'],
  [
    'app/index.ts',
    "import { x } from '../console/text.ts'",
    'imports console/text.ts, which is not a module',
  ],
  ['app/index.ts', "import { x } from '../client/index.ts'", 'imports client'],
  ['client/index.ts', "import type { AuthService } from '../auth/index.ts'", 'imports auth'],
  [
    'client/index.ts',
    "import { TOPICS } from '../api/index.ts'",
    'imports more than types of ../api/index.ts',
  ],
  [
    'client/index.ts',
    "import { type X } from '../api/index.ts'",
    'imports more than types of ../api/index.ts',
  ],
  ['client/index.ts', "import { hash } from 'node:crypto'", 'imports more than types of node:crypto'],
  ['app/index.ts', "import { openSmtp } from '../mail/smtp.ts'", 'imports mail'],
  ['text/index.ts', "import { OPTION_TABLE } from '../options/index.ts'", 'imports options'],
  ['mail/compose.ts', "import type { Options } from '../options/index.ts'", 'imports options'],
  ['mail/smtp.ts', "import * as store from '../db/index.ts'", 'imports db'],
  ['pages/layout.ts', "import type { Engine } from '../auth/index.ts'", 'imports auth'],
  ['pages/layout.ts', "import { redirect } from '../app/responses.ts'", 'imports app'],
  ['db/outbox.ts', "import type { Mail } from '../mail/index.ts'", 'imports mail'],
  ['api/index.ts', "import { renderPage } from '../pages/index.ts'", 'imports pages'],
  ['options.ts', "import { openSmtp } from './mail/smtp.ts'", 'imports mail/smtp.ts'],
  ['options.ts', "const { compose } = await import('./mail/compose.ts')", 'imports mail/compose.ts'],
  ['model.ts', "import { sha256 } from './lib/digest.ts'", 'imports lib'],
  ['options.ts', "import { openDatabase } from './db/open.ts'", 'imports db/open.ts'],
  [
    'cli/main.ts',
    "import { x } from '../../test/support/engines.ts'",
    'imports ../test/support/engines.ts, which is not a module',
  ],
  ['auth/users.ts', "import { hash } from '@node-rs/bcrypt'", 'imports @node-rs/bcrypt'],
  ['auth/passwords/hashing/index.ts', "import { hash } from '@node-rs/bcrypt'", 'imports @node-rs/bcrypt'],
  ['db/sqlite/driver.ts', "import pg from 'pg'", 'imports pg'],
  ['db/open.ts', "import { DatabaseSync } from 'node:sqlite'", 'imports node:sqlite'],
  ['db/open.ts', "const sqlite = process.getBuiltinModule('node:sqlite')", 'imports node:sqlite'],
  ['auth/users.ts', "import { sql } from 'kysely'", 'imports kysely'],
  ['auth/users.ts', "import { Migrator } from 'kysely/migration'", 'imports kysely/migration'],
  ['auth/users.ts', "import type { z } from 'zod'", 'imports zod'],
  ['index.ts', "import { Hono } from 'hono'", 'imports hono'],
  ['mail/compose.ts', "import { html } from 'hono/html'", 'imports hono/html'],
  ['mail/index.ts', "import { createTransport } from 'nodemailer'", 'imports nodemailer'],
  ['auth/outbox.ts', "const mailer = await import('nodemailer')", 'imports nodemailer'],
  ['app/router.ts', "import { Hono } from 'hono'", 'imports hono'],
  ['cli/main.ts', "import { pino } from 'pino'", 'imports pino'],
  ['lib/random.ts', "import { v7 } from 'uuid'", 'imports uuid'],
  ['lib/random.ts', "import { randomBytes } from 'crypto'", 'imports crypto'],
  ['lib/random.ts', "const crypto = require('uuid')", 'imports uuid'],
  ['lib/random.ts', 'const { v7 } = await import(`uuid`)', 'imports uuid'],
  ['lib/qr-code.ts', "import { encodeQR } from 'qr'", 'loads qr at the start'],
  ['db/open.ts', 'await import(name)', 'imports a computed name'],
  ['options.ts', 'const level = process.env.LEVEL', 'reads the environment'],
  ['options.ts', "const level = process['env'].LEVEL", 'reads the environment'],
  ['options.ts', 'const { env } = process', 'reads the environment'],
  ['options.ts', "import { env } from 'node:process'", 'reads the environment'],
  ['cli/terminal.ts', 'const dice = Math.random()', 'uses Math.random'],
  ['lib/random.ts', "const dice = Math['random']()", 'uses Math.random'],
])('a violation in %s is reported: %j', (file, source, violation) => {
  expect(violations(file, source)).toEqual([violation])
})

it.each([
  ['db/users.ts', "import { Conflict } from '../model/errors.ts'\nimport { userOf } from './rows.ts'"],
  [
    'auth/mfa/totp.ts',
    "import type { Context } from '../context.ts'\nimport * as store from '../../db/index.ts'",
  ],
  ['cli/main.ts', "import { createApp } from '../app/index.ts'\nconst { PATH } = process.env"],
  ['options.ts', "import type { Mailer } from './mail/index.ts'\nimport { x } from './mail/settings.ts'"],
  ['auth/index.ts', "const { openSmtp } = await import('../mail/smtp.ts')"],
  ['lib/qr-code.ts', "import type { QrOpts } from 'qr'\nconst { encodeQR } = await import('qr')"],
  ['pages/layout.ts', "import { html, raw } from 'hono/html'\nimport { PAGES } from '../text/index.ts'"],
  [
    'client/index.ts',
    "import type { TOPICS } from '../api/index.ts'\nimport { ROUTES } from './routes.ts'\nexport type { X } from './types.ts'",
  ],
  ['api/users.ts', "const about = 'Its id, from `GET /users`.'"],
  ['db/migrate.ts', "import { Migrator } from 'kysely/migration'\nimport { join } from 'node:path'"],
])('an allowed import in %s is accepted: %j', (file, source) => {
  expect(violations(file, source)).toEqual([])
})
