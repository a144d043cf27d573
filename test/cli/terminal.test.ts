/** `serve` at a terminal: a real pseudo-terminal, opened by `script` of util-linux. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freshDatabase } from '../support/engines.ts'
import { freePort } from '../support/ports.ts'
import { until } from '../support/production.ts'
import { send } from '../support/send.ts'
import { COMMAND, ROOT, startProgram } from '../support/service.ts'

/** The path on Debian. */
const SCRIPT = '/usr/bin/script'
const hasTerminal = spawnSync(SCRIPT, ['--version']).status === 0
if (!hasTerminal) process.stderr.write('SKIPPED: `serve` at a terminal. It needs `script`, of util-linux.\n')

const { version } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as { version: string }

/** Runs `serve` on a free port at a terminal. */
async function serveAtTerminal(env: Readonly<Record<string, string>> = {}) {
  const databaseUrl = await freshDatabase('sqlite')
  const child = spawn(SCRIPT, ['-qefc', `exec ${process.execPath} ${COMMAND} serve`, '/dev/null'], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: `${ROOT}.cache/compile`,
      PORT: '0',
      BIENVENUE_BCRYPT_COST: '10',
      DATABASE_URL: databaseUrl,
      ...env,
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await ended
  })
  let shown = ''
  let changed = Promise.withResolvers<void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text.replaceAll('\r\n', '\n')
    changed.resolve()
    changed = Promise.withResolvers()
  })
  /** Waits until the output of the terminal matches, and returns it. */
  const until = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(shown)) {
      const isOver = await Promise.race([changed.promise.then(() => false), ended.then(() => true)])
      if (isOver && !pattern.test(shown)) throw new Error(`it ended without ${pattern}:\n${shown}`)
    }
    return shown
  }
  return {
    databaseUrl,
    until,
    async url() {
      const [, port = ''] = /http:\/\/localhost:(\d+)/.exec(await until(/http:\/\/localhost:\d+/)) ?? []
      return `http://127.0.0.1:${port}`
    },
    /** Types Ctrl-C. @returns The whole output of the terminal. */
    async interrupt() {
      child.stdin.write('\u0003')
      await ended
      return shown
    },
  }
}

describe.runIf(hasTerminal)('serve at a terminal', () => {
  it('shows a block that ends with the address, then a line for each refusal and each write', async () => {
    const terminal = await serveAtTerminal({ BIENVENUE_NONSENSE: '1' })
    const url = await terminal.url()
    const fields = { email: 'bob@example.com', password: 'b4l0u' }
    await send(url, 'GET', '/')
    await send(url, 'POST', '/users', { form: fields })
    await send(url, 'POST', '/sessions', { form: { ...fields, password: 'wrong' } })
    await send(url, 'GET', '/%1B[2Jnowhere')
    await terminal.until(/404/)

    const shown = await terminal.interrupt()
    const [block = '', log = ''] = shown.split(/(?<=^Ready: .*\n)/m)
    expect(block.replace(/\d+(?=\n$)/, '5000')).toBe(`Bienvenue ${version} in classic mode

  Database  ${terminal.databaseUrl}
  Mail      not sent (SMTP_URL is not set)
  Ignored   BIENVENUE_NONSENSE (unknown setting)

Not fit for the internet:
  - passwords of 1 character are accepted; NIST requires 15
  - very common passwords are accepted
  - anyone can get a reset token for any account
  - an attacker’s sessions survive a password reset
  - registration reveals whether an address has an account
  - anyone can register an address that is not theirs
  - the session cookie is sent without encryption

Ready: http://localhost:5000
`)
    const lines = log.replaceAll(/\d\d:\d\d:\d\d {2}/g, '').replaceAll(/[\d.]+ ms$/gm, '… ms')
    expect(lines).toBe(`POST /users  200  … ms
POST /sessions  401 invalid_credentials  … ms
GET (no such route)  404 not_found  … ms
^Cstopping  signal=SIGINT
stopped
`)
  })

  it('warns of development mode, and says that the key was generated for this run', async () => {
    const env = { BIENVENUE_MODE: 'development', BIENVENUE_BREACH_CHECK_URL: 'off' }
    const terminal = await serveAtTerminal(env)
    const port = new URL(await terminal.url()).port
    const shown = await terminal.until(/^Ready: .*\n/m)
    expect(shown.replaceAll(port, '5000')).toBe(`Bienvenue ${version} in development mode

  Database  ${terminal.databaseUrl}
  Mail      shown in this terminal
  Address   http://localhost:5000
  Key       generated for this run: sessions survive a restart; device cookies and authenticator apps do not

!!! DEVELOPMENT MODE: for your own machine only. Do not put it on the internet; use BIENVENUE_MODE=production there.
  - passwords of 8 characters are accepted; NIST requires 15
  - the session cookie is sent without encryption

Ready: http://localhost:5000
`)
  })

  it('shows successful reads at level debug', async () => {
    const debug = await serveAtTerminal({ BIENVENUE_LOG_LEVEL: 'debug' })
    await send(await debug.url(), 'GET', '/')
    expect(await debug.until(/GET/)).toMatch(/^\d\d:\d\d:\d\d {2}GET \/ {2}200 {2}[\d.]+ ms$/m)
  })

  it('shows nothing at level silent', async () => {
    const port = await freePort()
    const terminal = await serveAtTerminal({ BIENVENUE_LOG_LEVEL: 'silent', PORT: String(port) })
    const isUp = () =>
      fetch(`http://127.0.0.1:${port}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      )
    await until(isUp)
    expect(await terminal.interrupt()).toBe('^C')
  })

  it('shows the address, the mail server without its password, and the number of workers', async () => {
    const terminal = await serveAtTerminal({
      BIENVENUE_WORKERS: '2',
      BASE_URL: 'http://localhost:8080',
      SMTP_URL: 'smtp://mailer:s3cr3t@127.0.0.1:9',
      BIENVENUE_MAIL_FROM: 'Example <no-reply@example.com>',
    })
    await terminal.url()
    expect(await terminal.interrupt()).toMatch(
      /^Bienvenue .*\n\n {2}Database .*\n {2}Mail {6}smtp:\/\/mailer@127\.0\.0\.1:9, from Example <no-reply@example\.com>\n {2}Address {3}http:\/\/localhost:8080\n {2}Workers {3}2\n\n/,
    )
  })

  it('writes JSON lines if BIENVENUE_LOG=json', async () => {
    const terminal = await serveAtTerminal({ BIENVENUE_LOG: 'json' })
    await terminal.url()
    const lines = (await terminal.interrupt()).replace('^C', '').trimEnd().split('\n')
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg)
    expect(messages.slice(-3)).toEqual(['listening', 'stopping', 'stopped'])
  })
})

it('serve --log text writes text without a terminal too', async () => {
  const env = { PORT: '0', DATABASE_URL: 'sqlite::memory:' }
  const service = startProgram([COMMAND, 'serve', '--log', 'text'], { env })
  await service.line((line) => line.startsWith('Ready: http://localhost:'))
  expect(service.lines[0]).toBe(`Bienvenue ${version} in classic mode`)
})
