import { spawn, spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { errorBody } from '../../src/api/error-body.ts'
import { OPERATIONS } from '../../src/api/index.ts'
import { createApp } from '../../src/app/index.ts'
import { startServer } from '../../src/app/server.ts'
import { MAIL_KINDS } from '../../src/auth/delivery/kinds.ts'
import { LINKS } from '../../src/auth/delivery/message.ts'
import { openAuthService } from '../../src/auth/index.ts'
import { SETTINGS } from '../../src/cli/settings.ts'
import { ERRORS } from '../../src/model/errors.ts'
import { IS_FULL } from '../support/full.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PAGES = globSync('**/*.md', {
  cwd: ROOT,
  exclude: (name) => ['node_modules', 'dist', '.git', '.cache'].includes(name),
})

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function withoutBlocks(markdown: string): string {
  return markdown.replaceAll(/^```.*?^```$/gms, '')
}

function withoutCode(markdown: string): string {
  return withoutBlocks(markdown).replaceAll(/`[^`\n]*`/g, '')
}

/** The cells of every table row, without the outer bars. */
function rows(markdown: string): string[][] {
  return [...markdown.matchAll(/^\| (.*) \|$/gm)].map(([, row = '']) =>
    row.split('|').map((cell) => cell.trim()),
  )
}

function codes(cell = ''): string[] {
  return [...cell.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
}

describe('links', () => {
  test.each(PAGES)('every relative link of %s leads to a file, and its anchor to a heading', (page) => {
    const targets = [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
    const broken = targets
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [path = '', anchor] = target.split('#')
        const file = path === '' ? page : join(dirname(page), path)
        if (!existsSync(join(ROOT, file))) return true
        return anchor !== undefined && !anchors(read(file)).includes(anchor)
      })
    expect(broken).toEqual([])
  })

  function anchors(markdown: string): string[] {
    return [...withoutBlocks(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    )
  }
})

describe('docs/steps.md', () => {
  const steps = read('docs/steps.md')

  test('links every name to the file that declares it', () => {
    const places = [...steps.matchAll(/\[([^\]]+)\]\((\.\.\/[^)]+)\) · `([^`]+)`/g)]
    expect(places.length).toBeGreaterThan(40)
    const wrong = places.filter(([, label = '', link = '', name = '']) => {
      const source = read(join('docs', link))
      const exported = new RegExp(
        `^export (?:async )?(?:function\\*?|const|class|interface|type) ${name}\\b`,
        'm',
      )
      // The end-to-end client is a program: it exports nothing.
      const declared = new RegExp(`^(?:async )?function ${name}\\b`, 'm')
      return (
        link !== `../${label}` ||
        !(exported.test(source) || (label.startsWith('examples/') && declared.test(source)))
      )
    })
    expect(wrong.map(([place]) => place)).toEqual([])
    expect(steps.match(/\]\(\.\.\/[^)]+\)(?! · `)/g)).toBeNull()
  })
})

describe('transcripts', () => {
  const hasTools = ['sh', 'curl', 'grep', 'sed', 'tee'].every(
    (tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0,
  )

  if (!hasTools) {
    process.stderr.write(
      'SKIPPED: the transcripts of README.md and docs/steps.md. They need sh, curl, grep, sed and tee.\n',
    )
  }

  // A machine without these tools can check everything else.
  test.skipIf(!hasTools).each(['README.md', ...(IS_FULL ? ['docs/steps.md'] : [])])(
    'every command of %s prints the output below it',
    async (page) => {
      const commands = transcript(read(page))
      expect(commands.length).toBeGreaterThan(10)
      const engine = await openAuthService({ databaseUrl: 'sqlite::memory:' })
      onTestFinished(() => engine.close())
      const silent = { debug() {}, info() {}, warn() {}, error() {} }
      const server = await startServer(createApp(engine, silent), ['127.0.0.1'], 0)
      onTestFinished(() => server.stop())

      const mark = '@@@@'
      const here = (command: string) => command.replaceAll('localhost:5000', `localhost:${server.port}`)
      const script = commands.map(({ command }) => `${here(command)}\necho; echo ${mark}`).join('\n')
      const output = await runScript(script)
      const printed = output.replaceAll(`localhost:${server.port}`, 'localhost:5000').split(mark)
      for (const [index, { command, expected }] of commands.entries()) {
        const actual = printed[index]?.replaceAll('\r', '').trim() ?? ''
        expect(matches(expected, actual), `$ ${command}\n${actual}\n(expected:)\n${expected}`).toBe(true)
      }
    },
    // Dozens of processes, one after another, which takes 20 seconds on a machine with nothing else to do.
    240_000,
  )

  /** A command begins with `$ ` and goes on with `> `; what follows is its output. */
  function transcript(markdown: string): { command: string; expected: string }[] {
    const blocks = [...markdown.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block = '']) => block)
    return blocks.flatMap((block) =>
      block
        .split(/^\$ /m)
        .slice(1)
        .map((entry) => {
          const lines = entry.trimEnd().split('\n')
          const end = lines.findIndex((line, index) => index > 0 && !line.startsWith('> '))
          const command = lines.slice(0, end < 0 ? lines.length : end)
          return {
            command: command.map((line, index) => (index === 0 ? line : line.slice(2))).join('\n'),
            expected: end < 0 ? '' : lines.slice(end).join('\n'),
          }
        }),
    )
  }

  /** `…` stands for text that differs from run to run. */
  function matches(expected: string, actual: string): boolean {
    const pattern = expected
      .split('…')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^\\n]*')
    return new RegExp(`^${pattern}$`).test(actual)
  }

  /** Runs in a new folder with the sources, as in a clone. */
  async function runScript(script: string): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'bienvenue-docs-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    for (const name of ['src', 'examples', 'package.json']) symlinkSync(join(ROOT, name), join(folder, name))
    const shell = spawn('sh', [], {
      cwd: folder,
      env: {
        PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
        HOME: folder,
        // Each of dozens of processes loads the sources.
        NODE_COMPILE_CACHE: join(ROOT, '.cache/compile'),
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    shell.stdin.end(`exec 2>&1\n${script}\n`)
    return text(shell.stdout)
  }
})

test.each(['README.md', 'docs/guide/start.md', 'docs/guide/library.md', 'docs/reference/http.md'])(
  'the error codes and settings that %s names exist',
  (path) => {
    const page = read(path)
    const fields = OPERATIONS.flatMap(({ body }) => Object.keys(body?.shape ?? {}))
    const answers = [...Object.keys(errorBody.shape), 'session_id']
    const mail = [...Object.keys(MAIL_KINDS), ...Object.keys(LINKS)]
    const known = [...Object.keys(ERRORS), ...fields, ...answers, ...mail]
    const snake = codes(withoutBlocks(page)).filter((code) => /^[a-z]+(?:_[a-z]+)+$/.test(code))
    expect(snake.filter((code) => !known.includes(code))).toEqual([])
    const variables = Object.values(SETTINGS).map((row) => row.env)
    const named = page.match(/\b(?:BIENVENUE_[A-Z_]+|[A-Z_]+(?==[a-z0-9]))/g) ?? []
    expect(named).not.toEqual([])
    expect(named.filter((name) => !variables.includes(name))).toEqual([])
  },
)

test('the settings that the guides, the reference and the pages on security name exist', () => {
  const variables = Object.values(SETTINGS).flatMap(({ env }) => [env, `${env}_FILE`])
  const named = PAGES.filter((page) => /^docs\/(?:guide|reference|security)\//.test(page)).flatMap((page) =>
    (read(page).match(/\bBIENVENUE_[A-Z_]*[A-Z]\b/g) ?? []).map((name) => ({ page, name })),
  )
  expect(named.length).toBeGreaterThan(100)
  expect(named.filter(({ name }) => !variables.includes(name))).toEqual([])
})

test('docs/guide/operate.md says for each secret how often it is rotated, how, and what users notice [CRY-09]', () => {
  const [, section = ''] = read('docs/guide/operate.md').split('\n### Rotating secrets\n')
  const schedule = rows(section.split('\n### ')[0] ?? '')
  const keys = rows(read('docs/security/cryptography.md'))
  const secrets = Object.values(SETTINGS).filter((row) => row.secret)
  expect(secrets.length).toBeGreaterThan(2)
  for (const { env } of secrets) {
    const isOfSecret = ([secret]: string[]) => codes(secret).includes(env)
    const [, often = '', how = '', noticed = ''] = schedule.find(isOfSecret) ?? []
    expect(often, env).toMatch(/^once a (?:month|quarter|year)$/)
    expect([how, noticed], env).not.toContain('')
    // The other page agrees.
    expect(keys.find(isOfSecret)?.at(-1), env).toContain(`${often},`)
  }
})

describe('README.md', () => {
  const readme = read('README.md')

  test('has fewer than 150 lines', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThan(150)
  })

  test('its library example runs and prints what its comments say', async () => {
    const example = /^```ts\n(.*?)^```$/ms.exec(readme)?.[1] ?? ''
    const folder = mkdtempSync(join(tmpdir(), 'bienvenue-docs-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'example.mjs')
    writeFileSync(file, example.replace("'bienvenue-auth'", `'${join(ROOT, 'src/index.ts')}'`))
    const { stdout, status } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
    const printed = [...example.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, line]) => `${line}\n`)
    expect({ stdout, status }).toEqual({ stdout: printed.join(''), status: 0 })
    expect(example.split('\n').filter((line) => line !== '').length).toBeLessThanOrEqual(10)
  })
})

describe('docs/internals/architecture.md', () => {
  test('the layers import what its table allows, and nothing else', () => {
    const table = new Map<string, string[]>()
    for (const [room = '', , allowed] of rows(read('docs/internals/architecture.md'))) {
      if (
        !/^`(?:model|log|text|lib|options|mail|db|auth|api|client|pages|app|adapters|cli|index)`/.test(room)
      )
        continue
      for (const name of codes(room)) table.set(name, codes(allowed))
    }
    const files = globSync('src/**/*.ts', { cwd: ROOT }).filter((file) => !file.endsWith('.test.ts'))
    const roomOf = (file: string) => file.split('/')[1]?.replace(/\.ts$/, '') ?? ''
    expect(new Set(files.map(roomOf))).toEqual(new Set(table.keys()))
    const forbidden = files.flatMap((file) =>
      [...read(file).matchAll(/(?:from|import\() ?'(\.[^']+)'/g)]
        .map(([, path = '']) => join(dirname(file), path))
        .filter(
          (target) => roomOf(target) !== roomOf(file) && !table.get(roomOf(file))?.includes(roomOf(target)),
        )
        .map((target) => `${file} imports ${target}`),
    )
    expect(forbidden).toEqual([])
  })
})
