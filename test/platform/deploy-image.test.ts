/** `deploy/Dockerfile` without Docker: interprets its stages and runs the result. */
import { once } from 'node:events'
import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../support/ports.ts'
import { send } from '../support/send.ts'
import { type Finished, ROOT, run, startProgram } from '../support/service.ts'
import { temporaryFolder } from '../support/system.ts'

interface Instruction {
  readonly name: string
  readonly text: string
}

interface Stage {
  /** Empty for the last stage, which becomes the image. */
  readonly name: string
  readonly instructions: readonly Instruction[]
}

/** Parses the subset of the format that our file uses. */
function readDockerfile(file: string): Stage[] {
  const lines = file
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
  const instructions = lines
    .filter((line) => line !== '')
    .map((line) => ({ name: line.split(' ', 1)[0] ?? '', text: line.slice(line.indexOf(' ') + 1) }))
  const starts = instructions.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []))
  return starts.map((start, index) => ({
    name: / AS (\w+)$/.exec(instructions[start]?.text ?? '')?.[1] ?? '',
    instructions: instructions.slice(start + 1, starts[index + 1]),
  }))
}

/** Whether `.dockerignore` admits a file: the last pattern that matches it or one of its folders decides. */
function isSent(path: string): boolean {
  const patterns = readFileSync(join(ROOT, '.dockerignore'), 'utf8').match(/^[^#\n].*$/gm) ?? []
  const last = patterns.findLast((pattern) => toRegExp(pattern.replace(/^!/, '')).test(path))
  return last === undefined || last.startsWith('!')
}

/** Matches as Docker does: `*` within a folder, including leading dots, and `**` across folders. */
function toRegExp(pattern: string): RegExp {
  const parts = pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*').replaceAll('[^/]*[^/]*/', '(?:.*/)?')
  return new RegExp(`^${parts}(?:/|$)`)
}

const DOCKERFILE = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8')
const STAGES = readDockerfile(DOCKERFILE)
const IMAGE = STAGES.at(-1)?.instructions ?? []
const textsOf = (wanted: string) => IMAGE.filter(({ name }) => name === wanted).map(({ text }) => text)

const ends: (() => Promise<void> | void)[] = []
const onEnd = (end: () => Promise<void> | void) => void ends.unshift(end)
afterAll(async () => {
  for (const end of ends) await end()
})

/** Two installations from the lockfile. The limit only guards against hanging. */
const BUILD_TIMEOUT_MS = 600_000

/** `/app` of the image. */
let app: string

beforeAll(async () => {
  const context = temporaryFolder(onEnd)
  for (const path of globSync(['*', '.npmrc', 'scripts/**', 'src/**'], { cwd: ROOT })) {
    if (isSent(path) && statSync(join(ROOT, path)).isFile()) cpSync(join(ROOT, path), join(context, path))
  }
  const roots = new Map<string, string>()
  for (const stage of STAGES) {
    const root = temporaryFolder(onEnd)
    roots.set(stage.name, root)
    await buildStage(stage, root, { context, roots })
  }
  app = join(roots.get('') ?? '', 'app')
}, BUILD_TIMEOUT_MS)

async function buildStage(
  stage: Stage,
  root: string,
  { context, roots }: { context: string; roots: ReadonlyMap<string, string> },
): Promise<void> {
  let folder = root
  for (const { name, text } of stage.instructions) {
    if (name === 'WORKDIR') {
      folder = join(root, text)
      mkdirSync(folder, { recursive: true })
    } else if (name === 'COPY') {
      const [, from, paths = ''] = /^(?:--from=(\w+) )?(.+)$/.exec(text) ?? []
      const sources = paths.split(' ')
      const target = join(folder, sources.pop() ?? '')
      for (const source of sources) {
        const path = join(from === undefined ? context : (roots.get(from) ?? ''), source)
        const isFolder = statSync(path).isDirectory()
        cpSync(path, isFolder ? target : join(target, basename(path)), {
          recursive: true,
          verbatimSymlinks: true,
        })
      }
    } else if (name === 'RUN' && stage.name !== '') {
      // The last stage changes its own file system, so its commands must not run here.
      const { exitCode, stderr } = await run('sh', ['-c', text], {
        cwd: folder,
        env: { npm_config_prefer_offline: 'true', npm_config_update_notifier: 'false' },
        onEnd,
      })
      if (exitCode !== 0) throw new Error(`${text}\n${stderr}`)
    }
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}

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

  it('contains the manifest, the build and the production packages', () => {
    expect(textsOf('COPY').map((text) => text.split(' ').at(-1))).toEqual(['./', 'node_modules/', 'dist/'])
    expect(readdirSync(app).sort()).toEqual(['dist', 'node_modules', 'package.json'])
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean; optional?: boolean }>
    }
    const installed = filesIn(app).flatMap(
      (path) => /^(node_modules\/(?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(path)?.[1] ?? [],
    )
    expect(installed.filter((path) => packages[path] === undefined || packages[path]?.dev === true)).toEqual(
      [],
    )
    const wanted = Object.entries(packages).filter(
      ([path, { dev, optional }]) => path !== '' && !dev && !optional,
    )
    expect(wanted.map(([path]) => path).filter((path) => !installed.includes(path))).toEqual([])
  })

  it('contains no tests, samples, sources, history or settings, of ours or of packages', () => {
    const files = filesIn(app)
    expect(files.filter((path) => path.startsWith('dist/') && !/\.(?:js|d\.ts)$/.test(path)).sort()).toEqual([
      'dist/auth/passwords/policy/common-passwords.txt',
      'dist/cli/LICENSES',
      'dist/pages/browser/icon.svg',
      'dist/pages/browser/page.css',
    ])
    const unwanted =
      /(?:^|\/)(?:tests?|__tests__|examples?|fixtures|benchmarks?|\.git[^/]*|\.env[^/]*)(?:\/|$)|\.test\.|\.db$/
    expect(files.filter((path) => unwanted.test(path))).toEqual([])
    expect(
      files.filter((path) => path.startsWith('node_modules/') && /\.(?:[cm]?ts|map)$/.test(path)),
    ).toEqual([])
    const bytes = files.reduce((sum, path) => sum + statSync(join(app, path)).size, 0)
    expect(bytes).toBeLessThan(18_000_000)
  })

  it('starts and serves requests', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    expect(await runInApp(['dist/cli/main.js', '--version'])).toEqual({
      exitCode: 0,
      stdout: `${version}\n`,
      stderr: '',
    })
    const service = startProgram(['dist/cli/main.js', 'serve'], {
      cwd: app,
      env: { DATABASE_URL: 'sqlite::memory:', PORT: '0', BIENVENUE_BCRYPT_COST: '10' },
    })
    const { url } = JSON.parse(await service.line((line) => line.includes('listening'))) as { url: string }
    const fields = { email: 'bob@example.com', password: 'b4l0u' }
    expect((await send(url, 'POST', '/users', { form: fields })).status).toBe(200)
    expect((await send(url, 'POST', '/sessions', { form: fields })).status).toBe(200)
    expect(await service.stop()).toBe(0)
  })

  it('does not start without settings and names the missing ones', async () => {
    const env = Object.fromEntries(
      textsOf('ENV')
        .join(' ')
        .split(/\s+/)
        .map((entry) => entry.split('=', 2)),
    )
    const { exitCode, stderr } = await runInApp(['dist/cli/main.js', 'serve'], env)
    expect(exitCode).toBe(2)
    const named = [...stderr.matchAll(/^bienvenue: (\w+): .+\n/gm)].map(([, name]) => name)
    expect(named).toEqual(['BASE_URL', 'BIENVENUE_SECRET_KEY', 'SMTP_URL', 'BIENVENUE_MAIL_FROM', 'HOST'])
  })
})

function runInApp(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  return run(process.execPath, args, { cwd: app, env })
}

describe('the health check', () => {
  const [options = '', command = ''] = (textsOf('HEALTHCHECK')[0] ?? '').split(' CMD ')
  const check = (env: Readonly<Record<string, string>>): Promise<Finished> => {
    const [, ...args] = JSON.parse(command.startsWith('[') ? command : '[""]') as string[]
    return runInApp(args, { BASE_URL: 'https://auth.example.com', ...env })
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
