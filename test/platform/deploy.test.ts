/** The rest of `deploy/` and `docs/guide/operate.md`, checked against the programs that read them and our settings. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseEnv } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SETTINGS } from '../../src/cli/settings.ts'
import { defaultOf, inspectOptions, type Setting } from '../../src/options/index.ts'
import { ROOT, run, runCli } from '../support/service.ts'
import { temporaryFolder } from '../support/system.ts'

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const withoutComments = (text: string) => text.replaceAll(/^\s*#.*\n/gm, '')

/** Its path on Debian. */
const SYSTEMD_ANALYZE = '/usr/bin/systemd-analyze'

const ROWS: readonly Setting[] = Object.values(SETTINGS)
const VARIABLES = ROWS.flatMap(({ env, secret }) => (secret ? [env, `${env}_FILE`] : [env]))

describe('compose.yaml', () => {
  const compose = withoutComments(read('deploy/compose.yaml'))
  const [, services = ''] = /^services:\n(.*?)^\S/ms.exec(compose) ?? []
  const blocks = Object.fromEntries(
    services
      .split(/^ {2}(?=\w)/m)
      .slice(1)
      .map((block) => [block.slice(0, block.indexOf(':')), block]),
  )
  const anchor = (name: string) => new RegExp(`^x-\\w+: &${name}\\n((?: .*\\n)+)`, 'm').exec(compose)?.[1]

  it('has the database, the migration and the service', () => {
    expect(Object.keys(blocks)).toEqual(['database', 'migrate', 'bienvenue'])
    expect(blocks.database).toMatch(/image: postgres:18-\w+$/m)
    expect(blocks.migrate).toContain('command: [migrate]')
    expect(blocks.migrate).toContain("restart: 'no'")
  })

  it('confines each container: read-only, without capabilities, with limits', () => {
    const contained = anchor('contained')
    expect(contained).toContain('read_only: true')
    expect(contained).toContain('cap_drop: [ALL]')
    expect(contained).toContain("security_opt: ['no-new-privileges:true']")
    expect(contained).toContain('restart: unless-stopped')
    expect(contained).toMatch(/max-size: \d+m, max-file: '\d+'/)
    for (const block of Object.values(blocks)) {
      expect(block).toMatch(/^ {4}<<: (?:\[\*contained, \*bienvenue\]|\*contained)$/m)
      for (const limit of ['mem_limit', 'cpus', 'pids_limit'])
        expect(block).toMatch(new RegExp(`^ {4}${limit}: \\d`, 'm'))
    }
    expect(compose).not.toMatch(/privileged: true|cap_add|docker\.sock|network_mode: host|pid: host/)
  })

  it('keeps the database off the network and requires passwords on its socket', () => {
    expect(blocks.database).toContain('network_mode: none')
    expect(blocks.database).toContain('command: [postgres, -c, listen_addresses=]')
    expect(blocks.database).toContain('POSTGRES_INITDB_ARGS: --auth-local=scram-sha-256 --auth-host=reject')
    expect(blocks.database).toContain('POSTGRES_HOST_AUTH_METHOD: reject')
    expect(blocks.database).toContain('./postgres-roles.sql:/docker-entrypoint-initdb.d/roles.sql:ro')
    expect(blocks.database).toContain('pg_isready')
    expect(compose).not.toMatch(/5432|trust$/m)
    for (const name of ['migrate', 'bienvenue']) {
      expect(blocks[name]).toMatch(/DATABASE_URL: postgres:.*\?host=\/var\/run\/postgresql$/m)
      expect(blocks[name]).toContain('volumes: [*socket]')
    }
    expect(anchor('socket')).toContain('read_only: true')
  })

  it('gives the owner password only to the migration and starts the service after it', () => {
    expect(blocks.migrate).toContain('postgres://bienvenue_owner:${'.concat('OWNER_PASSWORD}@'))
    expect(blocks.bienvenue).toContain('postgres://bienvenue:${'.concat('SERVICE_PASSWORD}@'))
    expect(blocks.bienvenue).not.toMatch(/OWNER|POSTGRES_PASSWORD/)
    expect(blocks.migrate).toContain('database: { condition: service_healthy }')
    expect(blocks.bienvenue).toContain('migrate: { condition: service_completed_successfully }')
  })

  it('publishes the service on loopback only and trusts only its own network', () => {
    expect(compose.match(/ports: .*/g)).toEqual(["ports: ['127.0.0.1:5000:5000']"])
    const [, subnet = ''] = /subnet: ([\d./]+)/.exec(compose) ?? []
    expect(blocks.bienvenue).toContain(`BIENVENUE_TRUSTED_PROXIES: ${subnet}\n`)
    expect(subnet).toMatch(/^10\.[\d.]+\/24$/)
  })

  it('contains no secret and does not start without one', () => {
    const passwords = [...compose.matchAll(/^ +\w*PASSWORD: (.*)$/gm)]
    expect(passwords.length).toBeGreaterThan(2)
    for (const [, value = ''] of passwords)
      expect(value).toMatch(/^\$\{\w+_PASSWORD:\?is not set in \.env\}$/)
    expect(blocks.bienvenue).toContain('env_file: bienvenue.env\n')
    expect(blocks.migrate).not.toContain('env_file')
    for (const path of ['.env', 'bienvenue.env']) {
      const { status } = spawnSync('git', ['check-ignore', '--quiet', '--no-index', `deploy/${path}`], {
        cwd: ROOT,
      })
      // 128: not a git repository.
      expect([0, 128], path).toContain(status)
    }
  })

  it('sets only existing variables of ours', () => {
    const set = compose.match(/\b(?:BIENVENUE_[A-Z_]+|DATABASE_URL|HOST|PORT)(?=: )/g) ?? []
    expect(set.length).toBeGreaterThan(3)
    expect(set.filter((name) => !VARIABLES.includes(name))).toEqual([])
  })
})

describe('bienvenue.service', () => {
  const unit = withoutComments(read('deploy/bienvenue.service'))

  it.each([
    'User=bienvenue',
    'EnvironmentFile=/etc/bienvenue/bienvenue.env',
    'StateDirectory=bienvenue',
    'StateDirectoryMode=0700',
    'UMask=0077',
    'Restart=on-failure',
    'LimitCORE=0',
    'MemoryMax=1G',
    'TasksMax=100',
    'NoNewPrivileges=yes',
    'CapabilityBoundingSet=',
    'AmbientCapabilities=',
    'ProtectSystem=strict',
    'ProtectHome=yes',
    'PrivateTmp=yes',
    'PrivateDevices=yes',
    'PrivateUsers=yes',
    'ProtectProc=invisible',
    'ProtectClock=yes',
    'ProtectHostname=yes',
    'ProtectKernelLogs=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelTunables=yes',
    'ProtectControlGroups=yes',
    'LockPersonality=yes',
    'RemoveIPC=yes',
    'RestrictNamespaces=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
    'SystemCallArchitectures=native',
    'SystemCallFilter=@system-service',
    'SystemCallFilter=~@privileged @resources',
    'SystemCallFilter=setpriority',
  ])('contains %s', (line) => {
    expect(unit.split('\n')).toContain(line)
  })

  it('omits MemoryDenyWriteExecute, because V8 would not start', () => {
    expect(unit).not.toContain('MemoryDenyWriteExecute')
  })

  it('allows more time to stop than the service needs', () => {
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(10)
  })

  const hasSystemd = existsSync(SYSTEMD_ANALYZE)
  if (!hasSystemd)
    process.stderr.write('SKIPPED: bienvenue.service in systemd. Install systemd-analyze to run it.\n')

  // Needs systemd. The tests above check the content of the unit without it.
  it.skipIf(!hasSystemd)('is valid for systemd and has a low exposure score', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'bienvenue.service')
    // It checks whether the program exists.
    writeFileSync(file, read('deploy/bienvenue.service').replace('/usr/bin/node', process.execPath))
    const verified = await run(SYSTEMD_ANALYZE, ['verify', '--recursive-errors=no', file])
    expect(verified.exitCode, verified.stderr).toBe(0)
    expect(verified.stderr).not.toContain('bienvenue.service:')
    // From 0 to 100, lower is better; the unit scores 13 with systemd 252.
    const security = await run(SYSTEMD_ANALYZE, ['security', '--offline=true', '--threshold=20', file])
    expect(security.exitCode, security.stdout).toBe(0)
  })
})

describe('bienvenue.env.example', () => {
  const text = read('deploy/bienvenue.env.example')
  const settings = parseEnv(text)
  const suggested = [...text.matchAll(/^# ?([A-Z_]+)=/gm)].map(([, name = '']) => name)
  const isRequired = (setting: Setting) =>
    (setting.refusedInProduction?.(defaultOf(setting, 'production') as never) ?? null) !== null

  it('names only existing settings', () => {
    for (const names of [Object.keys(settings), suggested]) {
      expect(names.length).toBeGreaterThan(3)
      expect(names.filter((name) => !VARIABLES.includes(name))).toEqual([])
    }
  })

  it('lists every setting that production requires, without secrets', () => {
    const required = ROWS.filter(isRequired).map(({ env }) => env)
    expect(required).not.toEqual([])
    for (const name of required) expect(settings).toHaveProperty(name, '')
    const set = Object.entries(settings).filter(([, value]) => value !== '')
    expect(Object.fromEntries(set)).toEqual({
      BIENVENUE_MODE: 'production',
      BIENVENUE_TRUSTED_PROXIES: '127.0.0.1',
      DATABASE_URL: 'sqlite:/var/lib/bienvenue/bienvenue.db',
    })
  })

  it('is refused as shipped and accepted once filled in', async () => {
    expect(await runCli(['serve'], { env: settings as Record<string, string> })).toMatchObject({
      exitCode: 2,
      stdout: '',
    })
    const { problems } = inspectOptions({
      mode: 'production',
      baseUrl: 'https://auth.example.com',
      // As openssl rand -base64 prints it.
      secretKey: randomBytes(32).toString('base64'),
      smtpUrl: 'smtps://user:pass@mail.example.com:465',
      mailFrom: 'Example <no-reply@example.com>',
      trustedProxies: '127.0.0.1',
    })
    expect(problems).toEqual([])
  })

  it('may have Windows line endings and an unquoted sender with a comma', async () => {
    const folder = temporaryFolder()
    const lines = [
      'BIENVENUE_MAIL_FROM=Example, Inc. <no-reply@example.com>',
      `DATABASE_URL=sqlite:${folder}/a.db`,
    ]
    const file = join(folder, 'bienvenue.env')
    writeFileSync(file, lines.map((line) => `${line}\r\n`).join(''))
    const { exitCode, stdout } = await run(process.execPath, [
      `--env-file=${file}`,
      'src/cli/main.ts',
      'doctor',
      '--json',
    ])
    const { settings: shown } = JSON.parse(stdout) as { settings: { variable: string; value: unknown }[] }
    const values = Object.fromEntries(shown.map(({ variable, value }) => [variable, value]))
    expect(exitCode).toBe(0)
    expect(values).toMatchObject({
      BIENVENUE_MAIL_FROM: 'Example, Inc. <no-reply@example.com>',
      DATABASE_URL: `sqlite:${folder}/a.db`,
    })
  })
})

describe('docs/guide/operate.md', () => {
  const page = read('docs/guide/operate.md')
  const shell = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block)

  it('names only existing settings', () => {
    const others =
      /^(?:POSTGRES|OWNER|SERVICE|role.)_PASSWORD$|^UPSTREAM$|^NODE_(?:EXTRA_CA_CERTS|OPTIONS)$|^ON_ERROR_STOP$/
    const named = page.match(/\b(?:BIENVENUE_[A-Z_]+|[A-Z]+_[A-Z_]+|HOST|PORT)(?=[`= ,.;|)])/g) ?? []
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter((name) => !VARIABLES.includes(name) && !others.test(name))).toEqual([])
  })

  it('links to every file in deploy/', () => {
    const files = readdirSync(join(ROOT, 'deploy')).filter((name) => !name.startsWith('.'))
    for (const name of files) expect(page).toContain(`](../../deploy/${name})`)
  })

  it('has only valid shell commands', async () => {
    expect(shell.length).toBeGreaterThan(10)
    for (const block of shell) {
      expect(await run('sh', ['-n'], { input: block }), block).toEqual({
        exitCode: 0,
        stdout: '',
        stderr: '',
      })
    }
  })

  it('uses only existing bienvenue commands', async () => {
    const { stdout: help } = await runCli(['--help'])
    const used = [...page.matchAll(/(?:\bbv|main\.js) ([a-z]+(?: [a-z][a-z-]*)?)/g)].map(
      ([, command = '']) => command,
    )
    expect(used.length).toBeGreaterThan(10)
    for (const command of used) expect(help).toMatch(new RegExp(`^ {2}${command}(?: [A-Z]+)* {2}`, 'm'))
  })
})

describe('a start error in docs/guide/operate.md', () => {
  const table = read('docs/guide/operate.md').split('## When something is wrong')[1] ?? ''
  const documented = [...table.matchAll(/^\| `([A-Z_]+: [^`]+)` \|/gm)].map(([, line = '']) => line)

  const GOOD = {
    BIENVENUE_MODE: 'production',
    BASE_URL: 'https://auth.example.com',
    BIENVENUE_SECRET_KEY: randomBytes(32).toString('base64'),
    SMTP_URL: 'smtps://user:pass@mail.example.com',
    BIENVENUE_MAIL_FROM: 'no-reply@example.com',
    DATABASE_URL: 'sqlite:/nowhere/bienvenue.db',
    PORT: '0',
  }
  const reproduced: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'BASE_URL: must begin with https://': { BASE_URL: 'http://auth.example.com' },
    'BIENVENUE_SECRET_KEY: key 1 of 1 is too short: 20 bytes, at least 32 are required': {
      BIENVENUE_SECRET_KEY: randomBytes(20).toString('base64'),
    },
    'SMTP_URL: expected smtp://USER:PASSWORD@HOST:PORT, with special characters percent-encoded': {
      SMTP_URL: 'mail.example.com',
    },
    'DATABASE_URL: a remote PostgreSQL server requires verified TLS; add ?sslmode=verify-full': {
      DATABASE_URL: 'postgres://bienvenue:secret@db.example.com/bienvenue',
    },
    'DATABASE_URL: cannot use sqlite:/nowhere/bienvenue.db: there is no directory /nowhere': {},
    'DATABASE_URL: unknown parameter "schema"; to use another schema than public, set BIENVENUE_DATABASE_SCHEMA':
      { DATABASE_URL: 'postgres://bienvenue@localhost/bienvenue?schema=auth' },
    'BASE_URL: contains U+200B, an invisible character; remove it': {
      BASE_URL: 'https://auth\u200b.example.com',
    },
    'HOST: "0.0.0.0" can be reached without TLS; set BIENVENUE_TRUSTED_PROXIES to the proxy in front, or listen on localhost':
      { HOST: '0.0.0.0' },
    'BIENVENUE_TRUSTED_PROXIES: covers a large part of the internet, so clients can forge their IP address; name only your own proxies':
      { BIENVENUE_TRUSTED_PROXIES: '0.0.0.0/0' },
  }

  it.each(Object.entries(reproduced))('is quoted exactly: %s', async (line, env) => {
    expect(documented).toContain(line)
    const stopped = await runCli(['serve'], { env: { ...GOOD, ...env } })
    expect(stopped).toEqual({ exitCode: 2, stdout: '', stderr: `bienvenue: ${line}\n` })
  })

  it('is quoted exactly for a users table of another service', async () => {
    const [line = ''] = documented.filter((text) => text.includes(' has a users table '))
    const path = join(temporaryFolder(), 'bienvenue.db')
    const db = new DatabaseSync(path)
    db.exec('create table users (id integer primary key)')
    db.close()
    const { stderr } = await runCli(['serve'], { env: { ...GOOD, DATABASE_URL: `sqlite:${path}` } })
    expect(stderr).toBe(`bienvenue: ${line}\n`)
  })

  it('is quoted exactly for a port in use', async () => {
    const [line = ''] = documented.filter((text) => text.startsWith('PORT: '))
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => other[Symbol.asyncDispose]())
    const { port } = other.address() as AddressInfo
    const env = {
      ...GOOD,
      DATABASE_URL: `sqlite:${join(temporaryFolder(), 'bienvenue.db')}`,
      PORT: String(port),
    }
    expect((await runCli(['serve'], { env })).stderr).toBe(
      `bienvenue: ${line.replace('5000', String(port))}\n`,
    )
  })

  it('has no line that neither this test nor that of the roles has seen', () => {
    const elsewhere = /^PORT: |: this database has a users table|: permission denied for schema public$/
    expect(documented.filter((line) => reproduced[line] === undefined && !elsewhere.test(line))).toEqual([])
  })
})
