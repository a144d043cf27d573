/** `bienvenue import` and `export` as people use them: files, failures, and what is left behind. */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FIREBASE, FOREIGN_HASHES } from '../fixtures/hashes.ts'
import { freshDatabase, migratedDatabase, onEachEngine } from '../support/engines.ts'
import { accountWithFactors, signInWithPasskey } from '../support/factored-account.ts'
import { openTables, productionAuth, randomKey } from '../support/production.ts'
import { runHere } from '../support/run-here.ts'
import { send } from '../support/send.ts'
import { COMMAND, type Finished, run, runCli, startProgram, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/system.ts'

const [HASH = expect.unreachable()] = FOREIGN_HASHES

/** Writes a file in a new directory. */
function fileOf(content: string | Buffer, name = 'users.ndjson'): string {
  const path = join(temporaryFolder(), name)
  writeFileSync(path, content)
  return path
}

function people(count: number): string {
  const line = (index: number) => JSON.stringify({ email: `user${index}@example.com`, hashed_password: '!' })
  return Array.from({ length: count }, (_, index) => `${line(index)}\n`).join('')
}

async function addressesIn(databaseUrl: string): Promise<string[]> {
  const db = await openTables(databaseUrl)
  const rows = await db.selectFrom('users').select('email').orderBy('id').execute()
  return rows.map(({ email }) => email)
}

/** Standard output, parsed as JSON. */
const answerOf = ({ stdout }: Finished) => JSON.parse(stdout)

const rejectsOf = (path: string) =>
  readFileSync(`${path}.rejects.ndjson`, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

onEachEngine('import', (engine) => {
  it('adds the users of a file, who can sign in to the running service', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const service = await startService(databaseUrl)
    const lines = FOREIGN_HASHES.slice(0, 5).map(({ hash }, index) =>
      JSON.stringify({ email: `user${index}@example.com`, hashed_password: hash }),
    )
    const path = fileOf(lines.join('\n'))
    const done = await runHere(['import', path], { env: { DATABASE_URL: databaseUrl } })
    expect(done).toEqual({ exitCode: 0, stdout: 'Added 5 users.\n', stderr: '' })
    expect(existsSync(`${path}.rejects.ndjson`)).toBe(false)
    for (const [index, { password }] of FOREIGN_HASHES.slice(0, 5).entries()) {
      const fields = { email: `user${index}@example.com`, password }
      expect((await send(service.url, 'POST', '/sessions', { form: fields })).status).toBe(200)
    }
  })

  it('writes rejected lines with number, reason and text to a file that only its owner can read', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const env = { DATABASE_URL: databaseUrl }
    const bob = JSON.stringify({ email: 'bob@example.com', hashed_password: HASH.hash })
    const unknown = JSON.stringify({ email: 'carol@example.com', hashed_password: '$6$abc$secretsecret' })
    const latin1 = Buffer.from('{"email":"z\xe9@example.com"}\n', 'latin1')
    const path = fileOf(
      Buffer.concat([Buffer.from(`${bob}\n${unknown}\n`), latin1, Buffer.from('{"email":"d')]),
    )
    const done = await runHere(['import', path], { env })
    const problems = [
      'hashed_password: the hash is crypt(3) with SHA-256 or SHA-512, which is not supported',
      'is not UTF-8. If the file is from Excel, convert it: iconv -f WINDOWS-1252 -t UTF-8',
      'is not JSON; the file ends in the middle of the line',
    ]
    expect(done).toEqual({
      exitCode: 1,
      stdout: `Added 1 user.\n3 lines were rejected. ${path}.rejects.ndjson contains each with the reason.\n`,
      stderr: problems.map((problem, index) => `line ${index + 2}: ${problem}\n`).join(''),
    })
    expect(rejectsOf(path)).toEqual([
      { line: 2, problem: problems[0], text: unknown },
      { line: 3, problem: problems[1], base64: latin1.subarray(0, -1).toString('base64') },
      { line: 4, problem: problems[2], text: '{"email":"d' },
    ])
    expect(statSync(`${path}.rejects.ndjson`).mode & 0o777).toBe(0o600)

    // Run again with the lines corrected: no user is added twice.
    writeFileSync(path, `${bob}\n${JSON.stringify({ email: 'dave@example.com', hashed_password: '!' })}\n`)
    rmSync(`${path}.rejects.ndjson`)
    const again = await runHere(['import', path, '--json'], { env })
    expect({ ...again, answer: answerOf(again) }).toMatchObject({
      exitCode: 0,
      stderr: '',
      answer: { added: 1, unchanged: 1, rejected: 0, rejects: null, dry_run: false },
    })
    expect(existsSync(`${path}.rejects.ndjson`)).toBe(false)
    expect(await addressesIn(databaseUrl)).toEqual(['bob@example.com', 'dave@example.com'])
  })

  it('continues after a kill when it is run again', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const env = { DATABASE_URL: databaseUrl }
    const path = fileOf(people(20_000))
    const first = startProgram([COMMAND, 'import', path], { env })
    const db = await openTables(databaseUrl)
    const count = async () => {
      const { users } = await db
        .selectFrom('users')
        .select(({ fn }) => fn.countAll<number>().as('users'))
        .executeTakeFirstOrThrow()
      return Number(users)
    }
    while ((await count()) === 0) await new Promise((done) => setTimeout(done, 5))
    await first.stop('SIGKILL')
    const left = await count()
    expect([left % 1_000, left > 0]).toEqual([0, true])
    const again = await runHere(['import', path, '--json'], { env })
    expect(answerOf(again)).toMatchObject({ added: 20_000 - left, unchanged: left, rejected: 0 })
    expect(await count()).toBe(20_000)
  })

  it('reads an export, so that another database gets the same users', async () => {
    const [from, to] = [await migratedDatabase(engine), await freshDatabase(engine)]
    const path = fileOf(people(1_500))
    await runHere(['import', path], { env: { DATABASE_URL: from } })
    const output = join(temporaryFolder(), 'all.ndjson')
    const file = await runHere(['export', '--with-hashes', '--output', output], {
      env: { DATABASE_URL: from },
    })
    expect(file).toEqual({
      exitCode: 0,
      stdout: `Wrote 1,500 users to ${output}.\n`,
      stderr:
        'The export contains all password hashes, and the secrets of authenticator apps in plain text. Protect it, and delete it when you are done.\n',
    })
    expect(statSync(output).mode & 0o777).toBe(0o600)
    const piped = await runHere(['export', '--with-hashes'], { env: { DATABASE_URL: from } })
    expect(piped.stdout).toBe(readFileSync(output, 'utf8'))
    const taken = await runCli(['import', '-', '--json', '--rejects', `${path}.rejects`], {
      env: { DATABASE_URL: to },
      input: piped.stdout,
    })
    expect(answerOf(taken)).toMatchObject({ added: 1_500, rejected: 0 })
    expect((await runHere(['export', '--with-hashes'], { env: { DATABASE_URL: to } })).stdout).toBe(
      piped.stdout,
    )
  })
})

onEachEngine('second factors', (engine) => {
  it('move with a file from one service to another, whose keys differ', async () => {
    const [from, to] = [await migratedDatabase(engine), await freshDatabase(engine)]
    const secretKey = randomKey()
    const bob = await accountWithFactors(engine, { databaseUrl: from, secretKey })
    const exportWith = (BIENVENUE_SECRET_KEY: string) =>
      runHere(['export', '--with-hashes'], { env: { DATABASE_URL: from, BIENVENUE_SECRET_KEY } })
    const lost = await exportWith(randomKey())
    expect(lost.stderr).toContain(
      '\n1 secret of an authenticator app could not be opened, so import will refuse these lines. Add the missing key to BIENVENUE_SECRET_KEY and export again.\n',
    )
    expect(JSON.parse(lost.stdout)).toMatchObject({ totp_secret: null })
    const moved = await exportWith(secretKey)
    expect(JSON.parse(moved.stdout)).toMatchObject({ totp_secret: bob.secret, passkeys: [{}, {}] })
    const other = randomKey()
    const taken = await runCli(['import', '-', '--rejects', '/dev/null'], {
      env: { DATABASE_URL: to, BIENVENUE_SECRET_KEY: other },
      input: moved.stdout,
    })
    expect(taken).toEqual({ exitCode: 0, stdout: 'Added 1 user.\n', stderr: '' })
    const again = await runHere(['export', '--with-hashes'], {
      env: { DATABASE_URL: to, BIENVENUE_SECRET_KEY: other },
    })
    expect(again.stdout).toBe(moved.stdout)
    const { auth } = await productionAuth(engine, { databaseUrl: to, secretKey: other })
    expect(await signInWithPasskey({ auth }, bob.passkeys[0])).toMatchObject({ next: 'signed_in' })
  })
})

describe('import', () => {
  it('recognizes CSV by the file name, leaves out fields, and shows with --dry-run what it would do', async () => {
    const databaseUrl = await migratedDatabase('sqlite')
    const env = { DATABASE_URL: databaseUrl }
    const rows = [
      'email,hashed_password,email_verified,totp_secret',
      'bob@example.com,!,true,JBSWY3DPEHPK3PXP',
      '',
    ]
    const path = fileOf(rows.join('\r\n'), 'users.CSV')
    const dry = await runHere(['import', path, '--dry-run', '--rejects', '/dev/null'], { env })
    expect(dry).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/^Would add 0 users\.\n1 line was rejected\./),
    })
    expect(dry.stderr).toMatch(/^line 2: totp_secret: needs BIENVENUE_SECRET_KEY/)
    const left = await runHere(['import', path, '--ignore', 'totp_secret, name'], { env })
    expect(left).toEqual({ exitCode: 0, stdout: 'Added 1 user.\n', stderr: '' })
    const twice = await runHere(['import', path, '--ignore=totp_secret', '--format=csv'], { env })
    expect(twice.stdout).toBe('Added 0 users; 1 user already existed.\n')
  })

  it('accepts the hashes of Firebase with the parameters of their project', async () => {
    const databaseUrl = await migratedDatabase('sqlite')
    const users = FIREBASE.hashes.map(({ hash, salt }, index) =>
      JSON.stringify({ email: `user${index}@example.com`, hashed_password: hash, salt }),
    )
    const path = fileOf(users.join('\n'))
    const config = fileOf(FIREBASE.config, 'config.txt')
    const env = { DATABASE_URL: databaseUrl }
    expect(await runHere(['import', path, '--rejects', '/dev/null'], { env })).toMatchObject({ exitCode: 1 })
    const done = await runHere(['import', path, '--firebase-hash-config', config], { env })
    expect(done).toEqual({ exitCode: 0, stdout: 'Added 3 users.\n', stderr: '' })
    const service = await startService(databaseUrl)
    for (const [index, { password }] of FIREBASE.hashes.entries()) {
      const fields = { email: `user${index}@example.com`, password }
      expect((await send(service.url, 'POST', '/sessions', { form: fields })).status).toBe(200)
    }
  })

  it('shows the first twenty rejected lines and writes all of them to the file', async () => {
    const path = fileOf('{}\n'.repeat(30))
    const done = await runHere(['import', path], { env: { DATABASE_URL: await migratedDatabase('sqlite') } })
    expect(done.stderr.trimEnd().split('\n')).toEqual(
      Array.from({ length: 20 }, (_, index) => `line ${index + 1}: email: is missing`),
    )
    expect(rejectsOf(path)).toHaveLength(30)
  })

  const FULL = '/usr/bin/prlimit'
  const hasPrlimit = existsSync(FULL)
  if (!hasPrlimit) console.warn('SKIPPED: an import on a full disk. It needs prlimit, of util-linux.')

  // A limit on file size has the effect of a full disk, but needs no privileges and leaves other processes alone.
  const onFullDisk = (bytes: number, args: string[], env: Record<string, string>) =>
    run(FULL, [`--fsize=${bytes}`, process.execPath, COMMAND, ...args], { env })

  it.skipIf(!hasPrlimit)(
    'stops on a full disk with one line, keeps the users it has added, and continues when run again',
    async () => {
      const databaseUrl = await migratedDatabase('sqlite')
      const env = { DATABASE_URL: databaseUrl }
      const path = fileOf(people(8_000))
      const full = await onFullDisk(700_000, ['import', path], env)
      expect(full).toMatchObject({ exitCode: 1, stdout: '' })
      const [, added = ''] =
        /^bienvenue: [^\n]+\. ([\d,]+) users were added before\. Run the same command again to continue\.\n$/.exec(
          full.stderr,
        ) ?? []
      const count = Number(added.replaceAll(',', ''))
      expect([count > 0, count < 8_000]).toEqual([true, true])
      expect(await addressesIn(databaseUrl)).toHaveLength(count)
      const again = await runHere(['import', path, '--json'], { env })
      expect(answerOf(again)).toMatchObject({ added: 8_000 - count, unchanged: count, rejected: 0 })
    },
  )

  it.skipIf(!hasPrlimit)('stops if the file for rejected lines cannot be written', async () => {
    const databaseUrl = await migratedDatabase('sqlite')
    const env = { DATABASE_URL: databaseUrl }
    const path = fileOf(`${people(10)}${'{"email":"x"}\n'.repeat(30_000)}`)
    const full = await onFullDisk(1_000_000, ['import', path], env)
    expect(full.exitCode).toBe(1)
    expect(full.stderr).toMatch(/\nbienvenue: EFBIG[^\n]+\. 10 users were added before\./)
  })

  it.each<[args: string[], says: RegExp]>([
    [['import'], /takes one argument: FILE/],
    [['import', 'nowhere.ndjson'], /Cannot read nowhere\.ndjson: ENOENT/],
    [['import', 'docs'], /Cannot read docs: it is a directory/],
    [['import', 'LICENSE', '--format', 'xml'], /--format must be json or csv\./],
    [['import', 'LICENSE', '--ignore', 'email'], /--ignore cannot leave out email/],
    [
      ['import', 'LICENSE', '--firebase-hash-config', 'LICENSE'],
      /The Firebase hash parameters have no valid algorithm\./,
    ],
    [['import', 'LICENSE', '--format', 'csv', '--rejects', 'REJECTS'], /not a field of a user/],
    [['import', 'package.json', '--rejects', 'REJECTS'], /Line 1 starts a JSON object .+: jq -c '\.' FILE/],
  ])('(%j) gets one line of explanation and exit code 2', async (args, says) => {
    const databaseUrl = await migratedDatabase('sqlite')
    const rejects = join(temporaryFolder(), 'rejects')
    const line = args.map((word) => (word === 'REJECTS' ? rejects : word))
    const { exitCode, stdout, stderr } = await runHere(line, { env: { DATABASE_URL: databaseUrl } })
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(/^bienvenue: [^\n]+\n$/)
    expect(stderr).toMatch(says)
  })
})
