/** `bienvenue import` and `export` as a person meets them: files, faults, and what is left behind. */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FIREBASE, FOREIGN_HASHES } from './fixtures/hashes.ts'
import { freshDatabase, onBothEngines } from './support/engines.ts'
import { openTables } from './support/production.ts'
import { send } from './support/send.ts'
import { COMMAND, type Finished, run, runCli, startProgram, startService } from './support/service.ts'
import { temporaryFolder } from './support/system.ts'

const [HASH = expect.unreachable()] = FOREIGN_HASHES

/** A file of a folder of its own. */
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

/** What standard output says, as JSON. */
const answerOf = ({ stdout }: Finished) => JSON.parse(stdout)

const rejectsOf = (path: string) =>
  readFileSync(`${path}.rejects.ndjson`, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

onBothEngines('import', (engine) => {
  it('adds the users of a file, who sign in to the running service', async () => {
    const databaseUrl = await freshDatabase(engine)
    const service = await startService(databaseUrl)
    const lines = FOREIGN_HASHES.slice(0, 5).map(({ hash }, index) =>
      JSON.stringify({ email: `user${index}@example.com`, hashed_password: hash }),
    )
    const path = fileOf(lines.join('\n'))
    const done = await runCli(['import', path], { env: { DATABASE_URL: databaseUrl } })
    expect(done).toEqual({ exitCode: 0, stdout: 'Added 5 users.\n', stderr: '' })
    expect(existsSync(`${path}.rejects.ndjson`)).toBe(false)
    for (const [index, { password }] of FOREIGN_HASHES.slice(0, 5).entries()) {
      const fields = { email: `user${index}@example.com`, password }
      expect((await send(service.url, 'POST', '/sessions', { form: fields })).status).toBe(200)
    }
  })

  it('puts what it does not take into a file that nobody else can read, with number, reason and text', async () => {
    const databaseUrl = await freshDatabase(engine)
    const env = { DATABASE_URL: databaseUrl }
    const bob = JSON.stringify({ email: 'bob@example.com', hashed_password: HASH.hash })
    const unknown = JSON.stringify({ email: 'carol@example.com', hashed_password: '$6$abc$secretsecret' })
    const latin1 = Buffer.from('{"email":"z\xe9@example.com"}\n', 'latin1')
    const path = fileOf(
      Buffer.concat([Buffer.from(`${bob}\n${unknown}\n`), latin1, Buffer.from('{"email":"d')]),
    )
    const done = await runCli(['import', path], { env })
    const problems = [
      'hashed_password: the hash is crypt(3) with SHA-256 or SHA-512, which is not verified here',
      'is no UTF-8',
      'is no JSON; the file ends in the middle of it',
    ]
    expect(done).toEqual({
      exitCode: 1,
      stdout: `Added 1 user.\n3 lines were not taken: ${path}.rejects.ndjson has each with the reason.\n`,
      stderr: problems.map((problem, index) => `line ${index + 2}: ${problem}\n`).join(''),
    })
    expect(rejectsOf(path)).toEqual([
      { line: 2, problem: problems[0], text: unknown },
      { line: 3, problem: problems[1], base64: latin1.subarray(0, -1).toString('base64') },
      { line: 4, problem: problems[2], text: '{"email":"d' },
    ])
    expect(statSync(`${path}.rejects.ndjson`).mode & 0o777).toBe(0o600)

    // Run again with the lines corrected: nobody is added twice.
    writeFileSync(path, `${bob}\n${JSON.stringify({ email: 'dave@example.com', hashed_password: '!' })}\n`)
    rmSync(`${path}.rejects.ndjson`)
    const again = await runCli(['import', path, '--json'], { env })
    expect({ ...again, answer: answerOf(again) }).toMatchObject({
      exitCode: 0,
      stderr: '',
      answer: { added: 1, unchanged: 1, rejected: 0, rejects: null, dry_run: false },
    })
    expect(existsSync(`${path}.rejects.ndjson`)).toBe(false)
    expect(await addressesIn(databaseUrl)).toEqual(['bob@example.com', 'dave@example.com'])
  })

  it('goes on, done again, where a kill has stopped it', async () => {
    const databaseUrl = await freshDatabase(engine)
    const env = { DATABASE_URL: databaseUrl }
    await runCli(['migrate'], { env })
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
    const again = await runCli(['import', path, '--json'], { env })
    expect(answerOf(again)).toMatchObject({ added: 20_000 - left, unchanged: left, rejected: 0 })
    expect(await count()).toBe(20_000)
  })

  it('gives an export back: another database gets the same users', async () => {
    const [from, to] = [await freshDatabase(engine), await freshDatabase(engine)]
    const path = fileOf(people(1_500))
    await runCli(['import', path], { env: { DATABASE_URL: from } })
    const output = join(temporaryFolder(), 'all.ndjson')
    const file = await runCli(['export', '--with-hashes', '--output', output], {
      env: { DATABASE_URL: from },
    })
    expect(file).toEqual({
      exitCode: 0,
      stdout: `Wrote 1,500 users to ${output}.\n`,
      stderr: 'It holds the hashes of all passwords: keep it as you keep the database.\n',
    })
    expect(statSync(output).mode & 0o777).toBe(0o600)
    const piped = await runCli(['export', '--with-hashes'], { env: { DATABASE_URL: from } })
    expect(piped.stdout).toBe(readFileSync(output, 'utf8'))
    const taken = await runCli(['import', '-', '--json', '--rejects', `${path}.rejects`], {
      env: { DATABASE_URL: to },
      input: piped.stdout,
    })
    expect(answerOf(taken)).toMatchObject({ added: 1_500, rejected: 0 })
    expect((await runCli(['export', '--with-hashes'], { env: { DATABASE_URL: to } })).stdout).toBe(
      piped.stdout,
    )
  })
})

describe('import', () => {
  it('takes CSV by its name, leaves fields out, and says what it would do', async () => {
    const databaseUrl = await freshDatabase('sqlite')
    const env = { DATABASE_URL: databaseUrl }
    await runCli(['migrate'], { env })
    const rows = ['email,hashed_password,email_verified,totp_secret', 'bob@example.com,!,true,JBSWY3DP', '']
    const path = fileOf(rows.join('\r\n'), 'users.CSV')
    const dry = await runCli(['import', path, '--dry-run', '--rejects', '/dev/null'], { env })
    expect(dry).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/^Would add 0 users\.\n1 line was not/),
    })
    expect(dry.stderr).toMatch(/^line 2: totp_secret: .+ would lose its own/)
    const left = await runCli(['import', path, '--ignore', 'totp_secret, name'], { env })
    expect(left).toEqual({ exitCode: 0, stdout: 'Added 1 user.\n', stderr: '' })
    const twice = await runCli(['import', path, '--ignore=totp_secret', '--format=csv'], { env })
    expect(twice.stdout).toBe('Added 0 users; 1 user is there already.\n')
  })

  it('takes the hashes of Firebase with the parameters of their project', async () => {
    const databaseUrl = await freshDatabase('sqlite')
    const users = FIREBASE.hashes.map(({ hash, salt }, index) =>
      JSON.stringify({ email: `user${index}@example.com`, hashed_password: hash, salt }),
    )
    const path = fileOf(users.join('\n'))
    const config = fileOf(FIREBASE.config, 'config.txt')
    const env = { DATABASE_URL: databaseUrl }
    expect(await runCli(['import', path, '--rejects', '/dev/null'], { env })).toMatchObject({ exitCode: 1 })
    const done = await runCli(['import', path, '--firebase-hash-config', config], { env })
    expect(done).toEqual({ exitCode: 0, stdout: 'Added 3 users.\n', stderr: '' })
    const service = await startService(databaseUrl)
    for (const [index, { password }] of FIREBASE.hashes.entries()) {
      const fields = { email: `user${index}@example.com`, password }
      expect((await send(service.url, 'POST', '/sessions', { form: fields })).status).toBe(200)
    }
  })

  it('names twenty lines that it does not take, and all in the file', async () => {
    const path = fileOf('{}\n'.repeat(30))
    const done = await runCli(['import', path], { env: { DATABASE_URL: await freshDatabase('sqlite') } })
    expect(done.stderr.trimEnd().split('\n')).toEqual(
      Array.from({ length: 20 }, (_, index) => `line ${index + 1}: email: is missing`),
    )
    expect(rejectsOf(path)).toHaveLength(30)
  })

  const FULL = '/usr/bin/prlimit'
  const hasPrlimit = existsSync(FULL)
  if (!hasPrlimit) console.warn('SKIPPED: an import on a full disk. It wants prlimit, of util-linux.')

  // No file of the process may grow beyond that: what a full disk is to it.
  const onFullDisk = (bytes: number, args: string[], env: Record<string, string>) =>
    run(FULL, [`--fsize=${bytes}`, process.execPath, COMMAND, ...args], { env })

  // A limit on the process is the one full disk that needs no rights and harms nobody.
  it.skipIf(!hasPrlimit)(
    'on a full disk stops with a line, keeps what it has, and goes on later',
    async () => {
      const databaseUrl = await freshDatabase('sqlite')
      const env = { DATABASE_URL: databaseUrl }
      await runCli(['migrate'], { env })
      const path = fileOf(people(8_000))
      const full = await onFullDisk(700_000, ['import', path], env)
      expect(full).toMatchObject({ exitCode: 1, stdout: '' })
      const [, added = ''] =
        /^bienvenue: [^\n]+; ([\d,]+) users were added before, and the same command goes on from there\n$/.exec(
          full.stderr,
        ) ?? []
      const count = Number(added.replaceAll(',', ''))
      expect([count > 0, count < 8_000]).toEqual([true, true])
      expect(await addressesIn(databaseUrl)).toHaveLength(count)
      const again = await runCli(['import', path, '--json'], { env })
      expect(answerOf(again)).toMatchObject({ added: 8_000 - count, unchanged: count, rejected: 0 })
    },
  )

  // As above.
  it.skipIf(!hasPrlimit)('stops where the file of what is not taken cannot be written', async () => {
    const databaseUrl = await freshDatabase('sqlite')
    const env = { DATABASE_URL: databaseUrl }
    await runCli(['migrate'], { env })
    const path = fileOf(`${people(10)}${'{"email":"x"}\n'.repeat(30_000)}`)
    const full = await onFullDisk(1_000_000, ['import', path], env)
    expect(full.exitCode).toBe(1)
    expect(full.stderr).toMatch(/\nbienvenue: EFBIG[^\n]+; 10 users were added before/)
  })

  it.each<[args: string[], says: RegExp]>([
    [['import'], /takes one argument: FILE/],
    [['import', 'nowhere.ndjson'], /cannot read nowhere\.ndjson: ENOENT/],
    [['import', 'docs'], /cannot read docs: it is a folder/],
    [['import', 'LICENSE', '--format', 'xml'], /--format takes json or csv/],
    [['import', 'LICENSE', '--ignore', 'email'], /--ignore cannot leave out email/],
    [['import', 'LICENSE', '--firebase-hash-config', 'LICENSE'], /hash parameters of Firebase/],
    [['import', 'LICENSE', '--format', 'csv', '--rejects', 'REJECTS'], /not a field of a user/],
    [['import', 'package.json', '--rejects', 'REJECTS'], /line 1 begins a JSON object .+: jq -c '\.' FILE/],
  ])('(%j) is explained in one line', async (args, says) => {
    const databaseUrl = await freshDatabase('sqlite')
    const rejects = join(temporaryFolder(), 'rejects')
    const line = args.map((word) => (word === 'REJECTS' ? rejects : word))
    const { exitCode, stdout, stderr } = await runCli(line, { env: { DATABASE_URL: databaseUrl } })
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(/^bienvenue: [^\n]+\n$/)
    expect(stderr).toMatch(says)
  })
})
