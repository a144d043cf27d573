import { globSync, readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { expect, it } from 'vitest'

/**
 * Which rooms a room may import; itself always. A room is an entry of `src/`: a folder, or a file without
 * its ending. `log` is a leaf of its own; `node` is, as `index` is, a door of the package.
 */
const ROOMS: Readonly<Record<string, readonly string[] | 'all'>> = {
  user: [],
  errors: [],
  lib: [],
  log: [],
  options: ['errors'],
  db: ['user', 'errors', 'lib'],
  auth: ['db', 'user', 'errors', 'options', 'lib'],
  api: ['errors', 'user'],
  app: ['auth', 'api', 'user', 'errors', 'options', 'lib', 'log'],
  cli: 'all',
  index: 'all',
  node: 'all',
}

/** Where each package, and the one built-in module with a price, may be imported: each behind one file. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@node-rs/bcrypt': ['auth/hashing/bcrypt.ts'],
  pg: ['db/postgres.ts'],
  'node:sqlite': ['db/sqlite.ts'],
  pino: ['log.ts'],
  kysely: ['db/'],
  hono: ['app/'],
  '@hono/node-server': ['app/'],
  zod: ['api/', 'app/'],
}

// Static, dynamic, re-exported, for side effects alone, of a type: the name stands in quotes behind a word.
const IMPORT =
  /\b(?:from|import|require|import\s*\(|require\s*\(|import\.meta\.resolve\s*\()\s*(['"`])(.*?)\1/g
const NAMELESS_IMPORT = /\b(?:import|require)\s*\(\s*[^'"`\s]/
const ENVIRONMENT =
  /\bprocess\s*(?:\?\.|\.|\[\s*['"`])\s*env\b|\benv\b[^;\n]*\}\s*=\s*process\b|['"](?:node:)?process['"]|\bimport\.meta\.env\b/
const WEAK_RANDOM = /\bMath\s*(?:\?\.|\.|\[\s*['"`])\s*random\b|\brandom\b[^;\n]*\}\s*=\s*Math\b/

const roomOf = (file: string) => file.split('/', 1)[0]?.replace(/\.ts$/, '') ?? ''
const packageOf = (name: string) => name.split('/', name.startsWith('@') ? 2 : 1).join('/')
const isWithin = (file: string, places: readonly string[]) =>
  places.some((place) => (place.endsWith('/') ? file.startsWith(place) : file === place))

/** What a file, named from `src/`, does that it may not. */
function violations(file: string, source: string): string[] {
  const found: string[] = []
  for (const [, , name = ''] of source.matchAll(IMPORT)) {
    const allowed = ROOMS[roomOf(file)] ?? []
    if (name.startsWith('.')) {
      const target = posix.join(posix.dirname(file), name)
      const room = roomOf(target)
      if (target.startsWith('../') || !Object.hasOwn(ROOMS, room))
        found.push(`imports ${target}, which is no room`)
      else if (allowed !== 'all' && room !== roomOf(file) && !allowed.includes(room))
        found.push(`imports ${room}`)
      continue
    }
    const places = PACKAGES[packageOf(name)]
    if (places === undefined ? !(name.startsWith('node:') && isBuiltin(name)) : !isWithin(file, places)) {
      found.push(`imports ${name}`)
    }
  }
  if (NAMELESS_IMPORT.test(source)) found.push('imports what only running it tells')
  if (ENVIRONMENT.test(source) && !file.startsWith('cli/')) found.push('reads the environment')
  if (WEAK_RANDOM.test(source)) found.push('uses Math.random')
  return found
}

const FILES = globSync('src/**/*.ts')
  .filter((path) => !path.endsWith('.test.ts'))
  .map((path) => ({
    file: path.replaceAll('\\', '/').slice('src/'.length),
    source: readFileSync(path, 'utf8'),
  }))

it('every entry of src/ is a room of the table, and every room is there', () => {
  const entries = readdirSync('src').filter((name) => !name.endsWith('.test.ts'))
  expect(entries.map(roomOf).toSorted()).toEqual(Object.keys(ROOMS).toSorted())
})

it('every file imports only what its room may [CRY-01]', () => {
  expect(FILES.length).toBeGreaterThan(50)
  expect(
    FILES.flatMap(({ file, source }) => violations(file, source).map((what) => `${file} ${what}`)),
  ).toEqual([])
})

it('every package of the table is imported, and is a dependency', () => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    dependencies: Record<string, string>
  }
  const imported = FILES.flatMap(({ source }) =>
    [...source.matchAll(IMPORT)].map(([, , name = '']) => packageOf(name)),
  )
  expect(Object.keys(PACKAGES).filter((name) => !imported.includes(name))).toEqual([])
  expect([...Object.keys(dependencies), 'node:sqlite'].toSorted()).toEqual(Object.keys(PACKAGES).toSorted())
})

// The test of the test: each of these has to be seen.
it.each([
  ['user.ts', "import { sha256 } from './lib/digest.ts'", 'imports lib'],
  ['lib/bearer.ts', "import { AuthError } from '../errors.ts'", 'imports errors'],
  ['log.ts', "import type { Options } from './options.ts'", 'imports options'],
  ['db/users.ts', "import { createApp } from '../app/index.ts'", 'imports app'],
  ['db/users.ts', "import type {\n  Context,\n  Client,\n} from '../auth/context.ts'", 'imports auth'],
  ['db/open.ts', "const { x } = await import('../options.ts')", 'imports options'],
  ['db/open.ts', "const { x } = await import(\n    '../options.ts'\n  )", 'imports options'],
  ['auth/users.ts', "export * from '../app/cookies.ts'", 'imports app'],
  ['auth/mfa/totp.ts', "import '../../api/index.ts'", 'imports api'],
  ['api/users.ts', "import { openEngine } from '../auth/index.ts'", 'imports auth'],
  ['api/users.ts', 'import { openEngine } from "../auth/index.ts"', 'imports auth'],
  ['app/routes/users.ts', "import * as store from '../../db/index.ts'", 'imports db'],
  ['app/index.ts', "import { readSettings } from '../cli/settings.ts'", 'imports cli'],
  ['auth/index.ts', "import { createAuth } from '../index.ts'", 'imports index'],
  ['app/index.ts', "import { x } from '../pages/text.ts'", 'imports pages/text.ts, which is no room'],
  [
    'cli/main.ts',
    "import { x } from '../../test/support/engines.ts'",
    'imports ../test/support/engines.ts, which is no room',
  ],
  ['auth/users.ts', "import { hash } from '@node-rs/bcrypt'", 'imports @node-rs/bcrypt'],
  ['auth/hashing/index.ts', "import { hash } from '@node-rs/bcrypt'", 'imports @node-rs/bcrypt'],
  ['db/sqlite.ts', "import pg from 'pg'", 'imports pg'],
  ['db/open.ts', "import { DatabaseSync } from 'node:sqlite'", 'imports node:sqlite'],
  ['auth/users.ts', "import { sql } from 'kysely'", 'imports kysely'],
  ['auth/users.ts', "import { Migrator } from 'kysely/migration'", 'imports kysely/migration'],
  ['auth/users.ts', "import type { z } from 'zod'", 'imports zod'],
  ['index.ts', "import { Hono } from 'hono'", 'imports hono'],
  ['node.ts', "import { serve } from '@hono/node-server'", 'imports @hono/node-server'],
  ['cli/main.ts', "import { pino } from 'pino'", 'imports pino'],
  ['lib/random.ts', "import { v7 } from 'uuid'", 'imports uuid'],
  ['lib/random.ts', "import { randomBytes } from 'crypto'", 'imports crypto'],
  ['lib/random.ts', "const crypto = require('uuid')", 'imports uuid'],
  ['db/open.ts', 'await import(name)', 'imports what only running it tells'],
  ['options.ts', 'const level = process.env.LEVEL', 'reads the environment'],
  ['options.ts', "const level = process['env'].LEVEL", 'reads the environment'],
  ['options.ts', 'const { env } = process', 'reads the environment'],
  ['options.ts', "import { env } from 'node:process'", 'reads the environment'],
  ['cli/terminal.ts', 'const dice = Math.random()', 'uses Math.random'],
  ['lib/random.ts', "const dice = Math['random']()", 'uses Math.random'],
])('%s with %j is seen', (file, source, violation) => {
  expect(violations(file, source)).toEqual([violation])
})

it.each([
  ['db/users.ts', "import { Conflict } from '../errors.ts'\nimport { userOf } from './rows.ts'"],
  [
    'auth/mfa/totp.ts',
    "import type { Context } from '../context.ts'\nimport * as store from '../../db/index.ts'",
  ],
  ['cli/main.ts', "import { createApp } from '../app/index.ts'\nconst { PATH } = process.env"],
  ['db/migrate.ts', "import { Migrator } from 'kysely/migration'\nimport { join } from 'node:path'"],
])('%s with %j is fine', (file, source) => {
  expect(violations(file, source)).toEqual([])
})
