/** `npm run bench`: its quick run as it is, and that nothing is measured that answers errors. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { drive, GENERATOR_NAMES, pickGenerator } from '../../bench/drive.ts'
import { GOALS, judge, significant } from '../../bench/goals.ts'
import { alternate, quantile, ratiosOf, spreadOf } from '../../bench/measure.ts'
import { CAN_TELL_USAGE, settle, usageOf } from '../../bench/processes.ts'
import { goalTable, pageOf, plainTable, plotOf } from '../../bench/report.ts'
import type { SavedSection } from '../../bench/sections.ts'
import { examine, plainRequest, type RunningSide } from '../../bench/sides/index.ts'
import { read } from '../documents/pages.ts'
import { run, startProgram } from '../support/service.ts'

const GET = { method: 'GET', path: '/', headers: {} }

async function serverThat(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('the quick run', () => {
  it('measures the service beside the floor, and holds its bounds', async () => {
    const page = read('docs/benchmarks.md')
    const { exitCode, stdout, stderr } = await run(process.execPath, ['bench/main.ts', '--quick'])
    expect(exitCode, stdout + stderr).toBe(0)
    const guarded = Object.entries(GOALS).filter(([, goal]) => 'guard' in goal)
    const measured = guarded.filter(([name]) => CAN_TELL_USAGE || !/cpu|memory/.test(name))
    for (const [, { what, unit }] of measured) {
      const figure = unit === 'times' ? '\\d\\S*×' : `\\d+ ${unit}`
      expect(stdout).toMatch(
        new RegExp(`^${escaped(what)} +at \\w+ ${figure} +${figure} \\(.*\\) +reached$`, 'm'),
      )
    }
    expect(guarded.length).toBeGreaterThanOrEqual(5)
    for (const side of ['floor', 'Bienvenue', 'production, argon2id'])
      expect(stdout).toMatch(new RegExp(`^${side} +[\\d,.]+`, 'm'))
    expect(read('docs/benchmarks.md')).toBe(page)
    // It may need a second and a third try.
  }, 180_000)

  it.each([
    [['--only', 'checks'], '--only: check, first-use, call, login, start, memory, workers'],
    [['--quick', '--generator', 'ab'], '--generator: wrk, autocannon, own'],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stderr } = await run(process.execPath, ['bench/main.ts', ...args])
    expect(exitCode).toBe(1)
    expect(stderr).toContain(message)
  })
})

function escaped(text: string): string {
  return text.replaceAll('`', '').replaceAll(/[()]/g, '\\$&')
}

describe.each(GENERATOR_NAMES.filter((name) => name === 'own' || name === pickGenerator()))(
  'the load of %s',
  (generator) => {
    it('sends every request in turn, as it was given', async () => {
      const seen = new Set<string>()
      const origin = await serverThat(async (request, response) => {
        const body = (await request.toArray()).join('')
        seen.add(`${request.method} ${request.url} ${request.headers.host} ${request.headers.cookie} ${body}`)
        response.end()
      })
      const requests = [
        { method: 'GET', path: '/one', headers: { Host: 'a.example', Cookie: 'a="\\1]]"' } },
        {
          method: 'POST',
          path: '/two',
          headers: { Host: 'b.example', Cookie: 'b', 'Content-Length': '3' },
          body: 'x=y',
        },
      ]
      const driven = await drive(generator, { origin, requests, connections: 2, seconds: 1 })
      expect([...seen].sort()).toEqual(['GET /one a.example a="\\1]]" ', 'POST /two b.example b x=y'])
      expect(driven.requests).toBeGreaterThan(2)
      expect(driven.p99Ms).toBeGreaterThanOrEqual(driven.p50Ms)
    })

    it('fails where a single answer is an error', async () => {
      let answered = 0
      const origin = await serverThat((_, response) => {
        response.statusCode = ++answered === 5 ? 500 : 200
        response.end()
      })
      const driven = drive(generator, { origin, requests: [GET], connections: 2, seconds: 1 })
      await expect(driven).rejects.toThrow(/requests 1 were refused and 0 got no answer/)
    })

    it('fails where a request gets no answer', async () => {
      let answered = 0
      const origin = await serverThat((request, response) => {
        if (++answered === 5) request.socket.destroy()
        else response.end()
      })
      const driven = drive(generator, { origin, requests: [GET], connections: 2, seconds: 1 })
      await expect(driven).rejects.toThrow(/0 were refused and [1-9]\d* got no answer/)
    })
  },
)

describe('a side is looked at before it is measured', () => {
  const side = (origin: string): RunningSide => ({
    pid: process.pid,
    origin,
    bearers: [{ cookie: 's=1', email: 'bob@example.com' }],
    request: plainRequest('/profile'),
    refusal: { status: 403 },
  })
  const answering = (withCookie: [number, string], without: [number, string]) =>
    serverThat(({ headers }, response) => {
      const [status, body] = headers.cookie === 's=1' ? withCookie : without
      response.writeHead(status).end(body)
    })
  const BOB = '{"email":"bob@example.com"}'

  it('passes where it names the owner of the cookie and nobody else', async () => {
    await examine('it', side(await answering([200, BOB], [403, '{}'])))
  })

  it.each<[string, [number, string], [number, string], RegExp]>([
    ['it refuses', [403, '{}'], [403, '{}'], /does not say that a cookie is that of bob@example.com: 403/],
    ['it names the owner with another status', [203, BOB], [403, '{}'], /does not say/],
    ['it names another', [200, '{"email":"eve@example.com"}'], [403, '{}'], /does not say/],
    ['it lets anybody in', [200, BOB], [200, BOB], /does not refuse whoever has no cookie: 200/],
    ['it tells while it refuses', [200, BOB], [403, BOB], /names somebody without a cookie/],
  ])('is refused where %s', async (_, withCookie, without, message) => {
    await expect(examine('it', side(await answering(withCookie, without)))).rejects.toThrow(message)
  })

  it('is refused where it has no sessions', async () => {
    const empty = { ...side('http://127.0.0.1:9'), bearers: [] }
    await expect(examine('it', empty)).rejects.toThrow('it has no sessions')
  })
})

describe('figures', () => {
  it('come from rounds in which each side has each place', async () => {
    const order: string[] = []
    const measure = (name: string) => async () => order.push(name)
    const results = await alternate(3, { a: measure('a'), b: measure('b'), c: measure('c') })
    expect(order.join('')).toBe('abcbcacab')
    expect(results).toEqual({ a: [1, 6, 8], b: [2, 4, 9], c: [3, 5, 7] })
  })

  it('are medians with their spread, and ratios of rounds that belong together', () => {
    expect(spreadOf([9, 1, 2])).toEqual({ median: 2, min: 1, max: 9 })
    expect(quantile([4, 1, 2, 3], 0.5)).toBe(2.5)
    expect(quantile([1, 2], 1)).toBe(2)
    expect(ratiosOf([10, 6], [5, 2])).toEqual([2, 3])
    expect(() => ratiosOf([1], [1, 2])).toThrow('do not belong together')
    expect(() => quantile([], 0.5)).toThrow('nothing')
  })

  it('are written with three digits', () => {
    expect([0, 0.00123, 0.8534, 1.274, 23.44, 1_250.4].map(significant)).toEqual([
      '0',
      '0.00123',
      '0.853',
      '1.27',
      '23.4',
      '1,250',
    ])
  })

  it('reach a goal by their median, and a guard by their best round', () => {
    expect(judge('check_speed_sqlite', [0.9, 0.8, 0.86])).toMatchObject({
      wanted: 'at least 0.850×',
      measured: '0.860× (0.800–0.900)',
      held: true,
    })
    expect(judge('check_speed_sqlite', [0.99, 0.8, 0.8])?.held).toBe(false)
    expect(judge('call_sqlite', [1.2, 1.25, 9])?.held).toBe(true)
    expect(judge('call_sqlite', [1, 1.31, 9])?.held).toBe(false)
    expect(judge('lost_beside_logins', [1])?.held).toBe(false)
    expect(judge('call_sqlite', [4, 2.9], { isQuick: true })).toMatchObject({
      wanted: 'at most 3.00×',
      held: true,
    })
    expect(judge('call_sqlite', [4, 3.1], { isQuick: true })?.held).toBe(false)
    expect(judge('start_ready', [1], { isQuick: true })).toBeNull()
  })

  it.runIf(CAN_TELL_USAGE)('of a process include its children', async () => {
    const busy =
      'for (const end = Date.now() + 200; Date.now() < end; ) ; globalThis.held = Buffer.alloc(3e7, 1)'
    // Until whoever started it is gone.
    const child = `${busy}; console.log(1); process.stdin.resume()`
    const hold = 'setInterval(() => {}, 1e4)'
    const parent = startProgram([
      '-e',
      `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: ["pipe", "inherit", "inherit"] }); ${hold}`,
    ])
    const alone = startProgram(['-e', `console.log(1); ${hold}`])
    await Promise.all([parent.line(() => true), alone.line(() => true)])
    const [both, one] = [usageOf(parent.pid), usageOf(alone.pid)]
    expect(both?.cpuSeconds).toBeGreaterThan(one?.cpuSeconds ?? Number.NaN)
    expect(both?.residentBytes).toBeGreaterThan((one?.residentBytes ?? Number.NaN) * 1.5)
    await settle(parent.pid)
  })
})

describe('the page', () => {
  const section: SavedSection = {
    name: 'growth',
    title: 'As tables grow',
    paragraphs: ['Flat.'],
    tables: [{ columns: ['Sessions', 'ms'], rows: [['1,000,000', '1.5']] }],
    goals: [
      { what: 'A `goal`', wanted: 'at most 2.00×', measured: '1.50× (1.00–2.00)', held: true },
      { what: 'Another', wanted: 'at least 1.00×', measured: '0.500× (0.100–0.900)', held: false },
    ],
    date: '2026-11-21',
    commit: 'abc1234',
    machine: 'a machine',
  }

  it('takes in what others have measured, and says which goals are missed', () => {
    const page = pageOf([section], { columns: ['Program', 'Version'], rows: [] })
    expect(page).toContain('1 of 2 goals are reached.')
    expect(page).toContain('| A `goal` | at most 2.00× | 1.50× (1.00–2.00) | reached |')
    expect(page).toContain('| Another | at least 1.00× | 0.500× (0.100–0.900) | **missed** |')
    expect(page).toContain('## As tables grow\n\nFlat.\n\n| Sessions | ms |\n|---|---|\n| 1,000,000 | 1.5 |')
    expect(page).toContain('Measured on 2026-11-21 at commit abc1234: a machine.')
    expect(plainTable(goalTable(section.goals))).toMatch(
      /^Another +at least 1\.00× +0\.500× \(0\.100–0\.900\) +missed$/m,
    )
  })

  it('draws bars a third of the axis long for each power of ten', () => {
    const bar = (label: string, floors: number) => ({
      group: 'SQLite',
      label,
      floors,
      isOurs: label === 'ours',
    })
    const plot = plotOf([bar('floor', 1), bar('ours', 0.1), bar('a < b & c', 0.01), bar('less', 0.0001)])
    const widths = [...plot.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width))
    const [floor = Number.NaN, ...others] = widths
    expect(floor).toBeGreaterThan(100)
    expect(others.map((width) => width / floor)).toEqual([
      expect.closeTo(2 / 3, 2),
      expect.closeTo(1 / 3, 2),
      0,
    ])
    expect(plot).toContain('a &lt; b &amp; c')
    expect(plot).toContain('prefers-color-scheme: dark')
  })

  it('in docs/ has every goal, and the plot every side', () => {
    const page = read('docs/benchmarks.md')
    for (const { what } of Object.values(GOALS)) expect(page).toContain(`| ${what} | `)
    const plot = read('docs/benchmarks.svg')
    const [, table = ''] = /^\| SQLite \|.*\n\|.*\n((?:\|.*\n)+)/m.exec(page) ?? []
    const sides = [...table.matchAll(/^\| ([^|]+) \|/gm)].map(([, side = '']) => side)
    expect(sides.length).toBeGreaterThanOrEqual(5)
    for (const side of sides) expect(plot).toContain(`>${side}</text>`)
  })
})
