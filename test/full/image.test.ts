/** `deploy/Dockerfile` without Docker: interprets its stages and runs the result. Needs the registry of npm. */
import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isSent, STAGES, type Stage, textsOf } from '../support/dockerfile.ts'
import { send } from '../support/send.ts'
import { type Finished, ROOT, run, startProgram } from '../support/service.ts'
import { temporaryFolder } from '../support/system.ts'

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

describe('the image', () => {
  it('contains the manifest, the build and the production packages', () => {
    expect(textsOf('COPY').map((text) => text.split(' ').at(-1))).toEqual(['./', 'node_modules/', 'dist/'])
    expect(readdirSync(app).sort()).toEqual(['dist', 'node_modules', 'package.json'])
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean; optional?: boolean }>
    }
    const installed = filesIn(app).flatMap(
      (path) =>
        /^(node_modules\/(?:.+\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(path)?.[1] ?? [],
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
