/** Commands that write a file: the targets that they refuse, and the files that they leave behind. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openAuthService } from '../../src/auth/index.ts'
import { FIREBASE } from '../fixtures/hashes.ts'
import { CHEAP_HASHER, filePath } from '../support/engines.ts'
import { runHere } from '../support/run-here.ts'
import { send } from '../support/send.ts'
import { COMMAND, ROOT, run, runCli, startProgram, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/system.ts'

const EMAIL = 'bob@example.com'
const PASSWORD = 'b4l0u'

/** A directory with a database of one account and a file to import, of which one line is valid and one is not. */
async function makeFolder(run?: typeof runCli) {
  const folder = temporaryFolder()
  const path = join(folder, 'bienvenue.db')
  const databaseUrl = `sqlite:${path}`
  const auth = await openAuthService({ databaseUrl, hasher: CHEAP_HASHER })
  await auth.registerUser(EMAIL, PASSWORD)
  await auth.close()
  const users = join(folder, 'users.ndjson')
  writeFileSync(users, `${JSON.stringify({ email: 'eve@example.com', hashed_password: '!' })}\n{}\n`)
  return { folder, path, databaseUrl, users, command: commandOn(databaseUrl, run) }
}

/** Runs commands on a database with `--json`, in this process, or in processes of their own with `runCli`. */
function commandOn(databaseUrl: string, run: typeof runCli | typeof runHere = runHere) {
  return async (...args: readonly string[]) => {
    const { exitCode, stdout, stderr } = await run([...args, '--json'], {
      env: { DATABASE_URL: databaseUrl },
    })
    return { exitCode, stdout, stderr, refusal: exitCode === 2 ? JSON.parse(stderr) : null }
  }
}

const refusedAs = (message: RegExp) => ({
  exitCode: 2,
  stdout: '',
  refusal: { code: 'usage', message: expect.stringMatching(message) },
})

function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

/** A digest of every file in a directory, except the -shm file, which a running service changes all the time. */
function contentsOf(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => !name.endsWith('-shm'))
  return Object.fromEntries(
    names.toSorted().map((name) => {
      const file = join(folder, name)
      return [name, lstatSync(file).isFile() ? digestOf(readFileSync(file)) : 'not a file']
    }),
  )
}

function makeFifo(folder: string): string {
  const fifo = join(folder, 'fifo')
  expect(spawnSync('/usr/bin/mkfifo', [fifo]).status).toBe(0)
  return fifo
}

/** The files in a directory, except the -wal and -shm files, which SQLite creates and removes. */
function namesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => !/-(?:wal|shm)$/.test(name))
}

/** Every command that writes a file, with its arguments. */
const WRITERS: [name: string, argsFor: (target: string, users: string) => string[]][] = [
  ['backup', (target) => ['backup', target]],
  ['export', (target) => ['export', '--output', target]],
  ['import', (target, users) => ['import', users, '--rejects', target]],
  ['import --dry-run', (target, users) => ['import', users, '--dry-run', '--rejects', target]],
]

describe.each(WRITERS)('%s', (_name, argsFor) => {
  it('refuses the files of the database under any name, even with --force, while the service keeps running', async () => {
    const { folder, path, databaseUrl, users, command } = await makeFolder()
    const service = await startService(databaseUrl)
    const login = () => send(service.url, 'POST', '/sessions', { form: { email: EMAIL, password: PASSWORD } })
    expect((await login()).status).toBe(200)
    const elsewhere = join(folder, 'elsewhere')
    mkdirSync(elsewhere)
    symlinkSync(path, join(elsewhere, 'symbolic-link'))
    linkSync(path, join(elsewhere, 'hard-link'))
    // A journal does not exist until it is needed.
    symlinkSync('../bienvenue.db-journal', join(elsewhere, 'dangling-link'))
    symlinkSync('..', join(elsewhere, 'up'))
    const targets: [target: string, what: string][] = [
      [path, 'the database'],
      [relative(ROOT, path), 'the database'],
      [`${folder}/elsewhere/..//./bienvenue.db`, 'the database'],
      [join(elsewhere, 'symbolic-link'), 'the database'],
      [join(elsewhere, 'hard-link'), 'the database'],
      [`${path}-wal`, 'the -wal file of the database'],
      [`${path}-shm`, 'the -shm file of the database'],
      [`${path}-journal`, 'the -journal file of the database'],
      [join(elsewhere, 'dangling-link'), 'the -journal file of the database'],
      [`${elsewhere}/up/bienvenue.db-journal`, 'the -journal file of the database'],
    ]
    const before = contentsOf(folder)
    for (const [target, what] of targets) {
      const done = await command(...argsFor(target, users), '--force')
      expect(done, target).toMatchObject(refusedAs(/^/))
      expect(done.refusal.message).toBe(`${target} is ${what}. Nothing was written; choose another file.`)
    }
    expect(contentsOf(folder)).toEqual(before)
    expect((await login()).status).toBe(200)
  })

  it('replaces an existing file only with --force, and never follows a symbolic link', async () => {
    const { folder, users, command } = await makeFolder()
    const mine = join(folder, 'mine')
    writeFileSync(mine, 'mine')
    symlinkSync('mine', join(folder, 'link'))
    mkdirSync(join(folder, 'subfolder'))
    const before = contentsOf(folder)
    const refusals: [target: string, says: RegExp, force?: '--force'][] = [
      ['mine', /mine already exists\. Add --force to replace it\.$/],
      ['link', /link is a symbolic link\. Name the file itself\.$/, '--force'],
      ['subfolder', /subfolder is not a regular file\.$/, '--force'],
      ['nowhere/file', /^Cannot write .*nowhere\/file: ENOENT/, '--force'],
    ]
    for (const [target, says, force] of refusals)
      expect(
        await command(...argsFor(join(folder, target), users), ...(force === undefined ? [] : [force])),
      ).toMatchObject(refusedAs(says))
    expect(contentsOf(folder)).toEqual(before)

    const { exitCode } = await command(...argsFor(mine, users), '--force')
    expect(exitCode).toBe(argsFor(mine, users).includes('import') ? 1 : 0)
    expect(readFileSync(mine, 'utf8')).not.toBe('mine')
    expect(statSync(mine).mode & 0o777).toBe(0o600)
    expect(namesIn(folder)).toEqual(Object.keys(before))
  })
})

describe('import --rejects', () => {
  it('refuses the files that the import reads, and standard output', async () => {
    const { folder, users, command } = await makeFolder()
    const config = join(folder, 'hash-config.txt')
    writeFileSync(config, FIREBASE.config)
    symlinkSync(users, join(folder, 'users-link'))
    linkSync(users, join(folder, 'users-hard-link'))
    const before = contentsOf(folder)
    for (const target of [users, join(folder, 'users-link'), join(folder, 'users-hard-link')])
      expect(await command('import', users, '--force', '--rejects', target)).toMatchObject(
        refusedAs(/ is the file to import\. Nothing was written; choose another file\.$/),
      )
    expect(
      await command('import', users, '--force', '--firebase-hash-config', config, '--rejects', config),
    ).toMatchObject(refusedAs(/ is the file of --firebase-hash-config\. /))
    for (const target of ['-', '/dev/stdout'])
      expect(await command('import', users, '--rejects', target)).toMatchObject(
        refusedAs(/--rejects must name a file, because the result goes to standard output\./),
      )
    expect(contentsOf(folder)).toEqual(before)
  })

  it('refuses a file that standard input or standard output is redirected to', async () => {
    const { folder, databaseUrl, users } = await makeFolder()
    const before = readFileSync(users, 'utf8')
    const shell = (line: string) =>
      run('/bin/sh', ['-c', line, 'sh', process.execPath, COMMAND], {
        cwd: ROOT,
        env: { DATABASE_URL: databaseUrl },
      })
    const input = await shell(`"$@" import - --force --rejects ${users} < ${users}`)
    expect(input).toMatchObject({ exitCode: 2, stdout: '' })
    expect(input.stderr).toBe(
      `bienvenue: ${users} is the file to import. Nothing was written; choose another file.\n`,
    )
    expect(readFileSync(users, 'utf8')).toBe(before)
    const report = join(folder, 'report')
    const output = await shell(`"$@" import ${users} --force --rejects ${report} > ${report}`)
    expect(output).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(' is standard output. ') })
    const database = await shell(`"$@" export >> ${filePath(databaseUrl)}`)
    expect(database).toMatchObject({
      exitCode: 2,
      stderr: 'bienvenue: standard output is the database. Nothing was written; choose another file.\n',
    })
  })

  it('leaves no file behind if nothing was rejected, and keeps an existing file unchanged', async () => {
    const { folder, users, command } = await makeFolder()
    writeFileSync(users, `${JSON.stringify({ email: 'eve@example.com', hashed_password: '!' })}\n`)
    const mine = join(folder, 'mine')
    writeFileSync(mine, 'mine')
    const names = namesIn(folder)
    for (const rejects of [['--rejects', join(folder, 'rejects')], [], ['--force', '--rejects', mine]])
      for (const dryRun of [['--dry-run'], []]) {
        const { exitCode, stdout } = await command('import', users, ...dryRun, ...rejects)
        expect({ exitCode, ...JSON.parse(stdout) }).toMatchObject({ exitCode: 0, rejected: 0, rejects: null })
      }
    expect(readFileSync(mine, 'utf8')).toBe('mine')
    expect(namesIn(folder)).toEqual(names)
  })

  it('keeps the file of an earlier run unless --force is given, also under the default name', async () => {
    const { folder, users, command } = await makeFolder()
    const rejects = `${users}.rejects.ndjson`
    expect(await command('import', users, '--dry-run')).toMatchObject({ exitCode: 1 })
    const before = contentsOf(folder)
    expect(await command('import', users)).toMatchObject(
      refusedAs(/rejects\.ndjson already exists\. Add --force/),
    )
    expect(contentsOf(folder)).toEqual(before)
    writeFileSync(users, 'nonsense')
    expect(await command('import', users, '--force')).toMatchObject({ exitCode: 1 })
    expect(JSON.parse(readFileSync(rejects, 'utf8'))).toMatchObject({ line: 1, text: 'nonsense' })
  })

  it('writes to a device or a pipe directly', async () => {
    const { folder, users, command } = await makeFolder(runCli)
    expect(await command('import', users, '--dry-run', '--rejects', '/dev/null')).toMatchObject({
      exitCode: 1,
    })
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
    expect(namesIn(folder).filter((name) => name.includes('rejects'))).toEqual([])
  })

  it('removes the unfinished file when a signal ends the import', async () => {
    const { folder, databaseUrl } = await makeFolder()
    const fifo = makeFifo(folder)
    // Keep it open for writing, so that the import waits for more input.
    const held = openSync(fifo, 'r+')
    onTestFinished(() => closeSync(held))
    const importing = startProgram([COMMAND, 'import', fifo, '--rejects', join(folder, 'rejects')], {
      env: { DATABASE_URL: databaseUrl },
    })
    const rejects = () => namesIn(folder).filter((name) => name.startsWith('rejects'))
    await vi.waitUntil(() => rejects().length > 0, { timeout: 50_000, interval: 5 })
    expect(rejects()).toEqual([expect.stringMatching(/^rejects\.part-[0-9a-f]{12}$/)])
    expect(await importing.stop('SIGINT')).toBeNull()
    expect(rejects()).toEqual([])
  })
})

describe('export --output', () => {
  it.each(['-', '/dev/stdout', '/dev/fd/1'])('%s is standard output', async (target) => {
    const { folder, command } = await makeFolder(runCli)
    const names = namesIn(folder)
    const done = await command('export', '--output', target)
    expect(done).toMatchObject({ exitCode: 0, stderr: '' })
    expect(JSON.parse(done.stdout)).toMatchObject({ id: 1, email: EMAIL })
    expect([namesIn(folder), existsSync('-')]).toEqual([names, false])
  })

  it('writes to a FIFO or a device directly, and never replaces it', async () => {
    const { folder, command } = await makeFolder(runCli)
    const fifo = makeFifo(folder)
    const reader = run('cat', [fifo])
    const done = await command('export', '--output', fifo)
    expect({ ...done, answer: JSON.parse(done.stdout) }).toMatchObject({
      exitCode: 0,
      answer: { exported: 1 },
    })
    expect(JSON.parse((await reader).stdout)).toMatchObject({ id: 1, email: EMAIL })
    expect(statSync(fifo).isFIFO()).toBe(true)
    expect(await command('export', '--output', '/dev/null', '--force')).toMatchObject({ exitCode: 0 })
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
  })
})

describe('backup', () => {
  it('accepts only a regular file, because SQLite cannot write to a stream', async () => {
    const { folder, command } = await makeFolder()
    const fifo = makeFifo(folder)
    const names = namesIn(folder)
    for (const target of ['-', '/dev/stdout'])
      expect(await command('backup', target, '--force')).toMatchObject(
        refusedAs(/A backup cannot be written to standard output\. Name a file\./),
      )
    for (const target of ['/dev/null', fifo])
      expect(await command('backup', target, '--force')).toMatchObject(refusedAs(/ is not a regular file\.$/))
    expect([namesIn(folder), existsSync('-')]).toEqual([names, false])
  })
})

describe('restore', () => {
  it('refuses the database itself as the backup', async () => {
    const { folder, path, command } = await makeFolder()
    linkSync(path, join(folder, 'hard-link'))
    symlinkSync(path, join(folder, 'symbolic-link'))
    const before = contentsOf(folder)
    for (const file of [path, join(folder, 'hard-link'), join(folder, 'symbolic-link')])
      expect(await command('restore', file, '--yes')).toMatchObject(refusedAs(/ is the database\. /))
    expect(contentsOf(folder)).toEqual(before)
  })

  it('replaces the target of a symbolic link to the database, not the link', async () => {
    const { folder, path, command } = await makeFolder()
    const backup = join(folder, 'backup.db')
    expect(await command('backup', backup)).toMatchObject({ exitCode: 0 })
    const link = join(temporaryFolder(), 'link.db')
    symlinkSync(path, link)
    const before = statSync(path).ino
    const { exitCode, stdout } = await commandOn(`sqlite:${link}`)('restore', backup, '--yes')
    expect(exitCode).toBe(0)
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(statSync(path).ino).not.toBe(before)
    expect(statSync(JSON.parse(stdout).replaced).ino).toBe(before)
    expect(readdirSync(dirname(link))).toEqual(['link.db'])
  })
})

describe('move', () => {
  it('refuses the files of the source as the target', async () => {
    const { folder, path, command } = await makeFolder()
    linkSync(path, join(folder, 'hard-link'))
    symlinkSync(`${path}-wal`, join(folder, 'dangling-link'))
    const before = [namesIn(folder), digestOf(readFileSync(path))]
    for (const target of [path, join(folder, 'hard-link'), `${path}-wal`, join(folder, 'dangling-link')])
      expect(await command('move', '--to', `sqlite:${target}`)).toMatchObject(
        refusedAs(/ is the (?:database|-wal file of the database)\. Nothing was written/),
      )
    expect([namesIn(folder), digestOf(readFileSync(path))]).toEqual(before)
  })

  it('leaves no file behind when it fails', async () => {
    const { folder, path, command } = await makeFolder()
    const db = new DatabaseSync(path)
    db.exec('alter table users add column nickname text')
    db.close()
    const names = namesIn(folder)
    const target = join(folder, 'target.db')
    expect(await command('move', '--to', `sqlite:${target}`)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/"code":"refused".*users\.nickname/),
    })
    expect(namesIn(folder)).toEqual(names)
    const flags = ['--without-extra-columns', '--to', `sqlite:${target}`]
    expect(await command('move', ...flags)).toMatchObject({ exitCode: 0 })
    expect(namesIn(folder)).toEqual([...names, 'target.db'].toSorted())
    expect(statSync(target).mode & 0o777).toBe(0o600)
  })
})
