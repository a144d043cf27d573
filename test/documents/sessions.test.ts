/** docs/security/sessions.md: how long, how many, and what ends them. */
import { describe, expect, it } from 'vitest'
import { OPTION_TABLE } from '../../src/options/index.ts'
import { onBothEngines } from '../support/engines.ts'
import { cookieIn, NEW_PASSWORD, PASSWORD, productionAuth } from '../support/production.ts'
import type { Send } from '../support/send.ts'
import { code, numberIn, SETTINGS_BY_ENV, sorted, table } from './pages.ts'
import { ALICE, BOB, NEW_ADDRESS } from './story.ts'
import { GOOD, type World, worldOf } from './world.ts'

const PAGE = 'docs/security/sessions.md'
const DAY = 86_400

describe('docs/security/sessions.md', () => {
  it('has the shipped defaults [SES-09]', () => {
    const numbers = table(PAGE, 'Numbers')
    const settings = [...SETTINGS_BY_ENV].flatMap(([env, { kind }]) =>
      /_SESSION|REAUTHENTICATION/.test(env) && kind.type === 'integer' ? [env] : [],
    )
    expect(sorted(numbers.map(({ Setting }) => code(Setting)))).toEqual(sorted(settings))
    for (const { Setting, Classic = '', Production = '' } of numbers) {
      const row = SETTINGS_BY_ENV.get(code(Setting))
      expect([numberIn(Classic), numberIn(Production)]).toEqual([row?.classic, row?.production])
      for (const cell of [Classic, Production]) {
        const [, amount, unit] = /\((\d+) (days|minutes)\)$/.exec(cell) ?? []
        if (unit !== undefined) expect(Number(amount) * (unit === 'days' ? DAY : 60)).toBe(numberIn(cell))
      }
    }
  })

  it('has a reason for whatever departs from NIST [SES-09]', () => {
    const inDays = (seconds: number) => (seconds === 0 ? 'none' : `${seconds / DAY} days`)
    const { sessionLifetimeSeconds, sessionIdleSeconds, mode } = OPTION_TABLE
    const rows = table(PAGE, 'Compared with NIST SP 800-63B-4')
    // Modes with the same defaults share a row.
    expect(rows.flatMap(({ Mode = '' }) => Mode.split(', '))).toEqual(mode.kind.of)
    for (const row of rows) {
      const name = row.Mode?.split(', ').at(-1) as 'classic' | 'production'
      const numbers = [sessionLifetimeSeconds[name], sessionIdleSeconds[name]]
      expect([row['In any case'], row.Idle]).toEqual(numbers.map(inDays))
      // For one factor: 30 days at most, and an idle limit or none.
      expect(row['Departure, and why']).toMatch(
        sessionLifetimeSeconds[name] > 30 * DAY ? /^(?!none)/ : /^none[.;] \S/,
      )
    }
  })
})

onBothEngines('docs/security/sessions.md', (engine) => {
  it('is right about lifetime, idle limit and number, as they are shipped [SES-09]', async () => {
    const { auth, now } = await productionAuth(engine)
    await auth.users.create({ email: ALICE, password: PASSWORD, confirmed: true })
    const start = async () => (await auth.createSession(ALICE)) ?? expect.unreachable()
    const isLive = async (session: string) => (await auth.getUserFromSessionId(session)) !== null
    const [lifetime, idle, most] = [
      OPTION_TABLE.sessionLifetimeSeconds.production,
      OPTION_TABLE.sessionIdleSeconds.production,
      OPTION_TABLE.sessionsPerUser.production,
    ]

    const [used, unused] = [await start(), await start()]
    now.advance(idle - 1)
    expect(await isLive(used)).toBe(true)
    now.advance(1)
    expect(await isLive(unused)).toBe(false)
    let left = lifetime - idle
    for (; left > idle; left -= DAY) {
      now.advance(DAY)
      expect(await isLive(used), `${left} s before its end`).toBe(true)
    }
    now.advance(left - 1)
    expect(await isLive(used)).toBe(true)
    now.advance(1)
    expect(await isLive(used)).toBe(false)

    const all = [await start(), await start()]
    now.advance(3_600)
    while (all.length < most) all.push(await start())
    // The first one is used again: the second was used the longest ago.
    expect(await isLive(all[0] ?? '')).toBe(true)
    all.push(await start())
    expect(await Promise.all(all.map(isLive))).toEqual(all.map((_, index) => index !== 1))
  })

  const rows = table(PAGE, 'What ends a session').map((row) => ({
    what: row['What happens'] ?? '',
    own: row['Its own session'] ?? '',
    others: row["The account's others"] ?? '',
  }))

  it.each(rows)('$what: its own $own, the others $others', async ({ what, own, others }) => {
    const world = await worldOf(engine)
    const { auth, now, sessionToken, newSession } = world
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    now.advance(1)
    const rest = [await newSession(), await newSession()]
    const bobs = (await auth.createSession(BOB)) ?? expect.unreachable()
    const event = EVENTS[what] ?? expect.unreachable(what)
    const begun = await event({ ...world, rest, bobs })

    const isLive = async (session?: string) => (await auth.getUserFromSessionId(session)) !== null
    expect(own).toMatch(/^(?:stays|ends|ends, a new one begins)$/)
    expect(await isLive(sessionToken)).toBe(own === 'stays')
    expect([begun !== undefined, await isLive(begun)]).toEqual(Array(2).fill(own.endsWith('begins')))
    const theyStay = others === 'stay'
    expect(['stay', 'end']).toContain(others)
    expect(await Promise.all(rest.map(isLive))).toEqual([theyStay, theyStay || what.endsWith('of another')])
    expect(await isLive(bobs)).toBe(!/end-all|restore/.test(what))
  })

  /** Where `sessionId` acts, and the first of the rest is acted on. */
  type Acting = World & { readonly rest: readonly string[]; readonly bobs: string }

  /** What happens; gives the session that begins with it. */
  const EVENTS: Readonly<Record<string, (acting: Acting) => Promise<string | undefined>>> = {
    '`DELETE /sessions`': (acting) => go(acting, 'DELETE', '/sessions'),
    '`POST /sessions` with its cookie': (acting) =>
      go(acting, 'POST', '/sessions', { json: { email: ALICE, password: PASSWORD } }),
    '`POST /reauthenticate`': (acting) =>
      go(acting, 'POST', '/reauthenticate', { json: { password: PASSWORD } }),
    '`PUT /profile/password`': (acting) =>
      go(acting, 'PUT', '/profile/password', {
        json: { current_password: PASSWORD, new_password: NEW_PASSWORD },
      }),
    '`PUT /reset_password`': async (acting) =>
      go(acting, 'PUT', '/reset_password', (await GOOD['PUT /reset_password']?.(acting)) ?? {}),
    '`POST /confirm_email` of a new address': async (acting) =>
      go(acting, 'POST', '/confirm_email', (await GOOD['POST /confirm_email']?.(acting)) ?? {}),
    '`DELETE /sessions/{id}` of another': (acting) =>
      go(acting, 'DELETE', `/sessions/${acting.rest[0]?.split('.')[0]}`),
    '`DELETE /sessions/others`': (acting) => go(acting, 'DELETE', '/sessions/others'),
    '`DELETE /profile`': (acting) => go(acting, 'DELETE', '/profile'),
    '`bienvenue users disable`': async ({ auth, userId }) => void (await auth.users.disable(userId)),
    '`bienvenue users compromise`': async ({ auth, userId }) =>
      void (await auth.users.markPasswordCompromised(userId)),
    '`bienvenue users delete`': async ({ auth, userId }) => void (await auth.users.delete(userId)),
    '`bienvenue users set-email --confirmed`': async ({ auth, userId }) =>
      void (await auth.users.setEmail(userId, { email: NEW_ADDRESS, confirmed: true })),
    '`bienvenue sessions end`': async ({ auth, userId }) => void (await auth.destroySession(userId)),
    '`bienvenue sessions end-all`': async ({ auth }) => void (await auth.users.endEverySession()),
    '`bienvenue restore`': async ({ auth }) =>
      void (await auth.transfer.finishRestore({ keepSessions: false })),
    'its lifetime is over': async ({ auth, now, sessionToken, rest, bobs }) => {
      // The others began a second later; all are used every day.
      for (let left = OPTION_TABLE.sessionLifetimeSeconds.production - 1; left > 0; left -= DAY) {
        now.advance(Math.min(left, DAY))
        for (const session of [sessionToken, ...rest, bobs]) await auth.getUserFromSessionId(session)
      }
      return undefined
    },
    'it was not used for too long': async ({ auth, now, rest, bobs }) => {
      now.advance(OPTION_TABLE.sessionIdleSeconds.production - DAY)
      for (const session of [...rest, bobs]) await auth.getUserFromSessionId(session)
      now.advance(DAY)
      return undefined
    },
  }

  async function go(
    { ask, sessionToken }: Acting,
    method: string,
    path: string,
    request: Send = {},
  ): Promise<string | undefined> {
    const answer = await ask(method, path, { ...request, sessionToken })
    expect(answer.status).toBeLessThan(400)
    // A cookie that is cleared is empty.
    return cookieIn(answer, 'session_id') || undefined
  }
})
