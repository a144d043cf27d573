/** What `deploy/Dockerfile` says. `test/full/image.test.ts` builds it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DOCKERFILE, isSent, STAGES, textsOf } from '../support/dockerfile.ts'
import { freePort } from '../support/ports.ts'
import { type Finished, run } from '../support/service.ts'

describe('the image build', () => {
  it('receives no history, settings, data or tests', () => {
    const kept = [
      '.git/HEAD',
      '.env',
      'deploy/bienvenue.env',
      'bienvenue.db',
      'bienvenue.db-wal',
      'node_modules/pg/package.json',
    ]
    const ours = [
      'README.md',
      'test/app.test.ts',
      'src/model/user.test.ts',
      'src/app/body.test.ts',
      'examples/main.ts',
      'bench/x.ts',
    ]
    expect([...kept, ...ours].filter(isSent)).toEqual([])
    const needed = [
      'package.json',
      'package-lock.json',
      '.npmrc',
      'src/model/user.ts',
      'src/cli/main.ts',
      'scripts/build.ts',
    ]
    expect(needed.filter((path) => !isSent(path))).toEqual([])
  })

  it('installs from the lockfile without install scripts', () => {
    const runs = STAGES.flatMap(({ instructions }) => instructions).filter(({ name }) => name === 'RUN')
    const installs = runs.filter(({ text }) => /^np[mx]\b/.test(text))
    expect(installs.map(({ text }) => text)).toEqual([
      'npm ci --ignore-scripts',
      'npm ci --ignore-scripts --omit=dev',
    ])
    for (const { text } of runs) expect(text).toMatch(/^(?:npm ci|node|find|rm) /)
  })

  it('uses one base image with a major version, which a digest can pin', () => {
    expect(DOCKERFILE).toMatch(/^ARG NODE_IMAGE=node:26-[a-z]+-slim$/m)
    const bases = DOCKERFILE.match(/(?<=^FROM )\S+/gm)
    expect(bases).toHaveLength(3)
    expect(new Set(bases)).toEqual(new Set([`$\{NODE_IMAGE}`]))
  })
})

describe('the image', () => {
  it('runs as a numeric non-root user, stops on SIGTERM and has no package manager', () => {
    const [user = ''] = textsOf('USER')
    expect(user).toMatch(/^[1-9]\d{4}:[1-9]\d{4}$/)
    expect(textsOf('STOPSIGNAL')).toEqual(['SIGTERM'])
    expect(textsOf('ENTRYPOINT')).toEqual(['["node", "dist/cli/main.js"]'])
    expect(textsOf('CMD')).toEqual(['["serve"]'])
    expect(textsOf('VOLUME')).toEqual(['/var/lib/bienvenue'])
    expect(textsOf('EXPOSE')).toEqual(['5000'])
    expect(textsOf('RUN').join()).toContain('rm -rf /usr/local/lib/node_modules /usr/local/bin/npm')
    // The user owns only the data, not the program.
    expect(textsOf('RUN').join()).toContain(
      `--owner=${user.split(':')[0]} --group=${user.split(':')[1]} --mode=0700 /var/lib/bienvenue`,
    )
    expect(textsOf('COPY').join()).not.toContain('--chown')
  })

  it('sets only the mode, the host and the database', () => {
    expect(textsOf('ENV').join(' ').split(/\s+/)).toEqual([
      'BIENVENUE_MODE=production',
      'HOST=0.0.0.0',
      'DATABASE_URL=sqlite:/var/lib/bienvenue/bienvenue.db',
    ])
    expect(textsOf('ARG')).toEqual([])
  })
})

describe('the health check', () => {
  const [options = '', command = ''] = (textsOf('HEALTHCHECK')[0] ?? '').split(' CMD ')
  const check = (env: Readonly<Record<string, string>>): Promise<Finished> => {
    const [, ...args] = JSON.parse(command.startsWith('[') ? command : '[""]') as string[]
    return run(process.execPath, args, { env: { BASE_URL: 'https://auth.example.com', ...env } })
  }

  async function serverThatAnswers(status: number): Promise<{ port: number; seen: (string | undefined)[] }> {
    const seen: (string | undefined)[] = []
    const server = createServer(({ url }, response) => {
      seen.push(url)
      response.writeHead(status).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => server[Symbol.asyncDispose]())
    return { port: (server.address() as AddressInfo).port, seen }
  }

  it('has a timeout and a start period', () => {
    expect(options).toMatch(/--interval=\d+s --timeout=\d+s --start-period=\d+s --retries=\d/)
  })

  it('requests /healthz and succeeds on 200', async () => {
    const { port, seen } = await serverThatAnswers(200)
    expect(await check({ PORT: String(port) })).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    expect(seen).toEqual(['/healthz'])
  })

  it.each([421, 500, 503])('fails on %i', async (status) => {
    const { port } = await serverThatAnswers(status)
    expect(await check({ PORT: String(port) })).toEqual({ exitCode: 1, stdout: '', stderr: '' })
  })

  it('fails if the connection is refused', async () => {
    const PORT = String(await freePort())
    expect(await check({ PORT })).toEqual({ exitCode: 1, stdout: '', stderr: '' })
  })
})
