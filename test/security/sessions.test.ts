/** How long sessions last, how many an account may have, and what ends them. */
import { expect, it } from 'vitest'
import { OPERATIONS } from '../../src/api/index.ts'
import { MailError } from '../../src/index.ts'
import { OPTION_TABLE } from '../../src/options/index.ts'
import { onBothEngines, onEachEngine } from '../support/engines.ts'
import { cookieIn, memoryMailer, NEW_PASSWORD, PASSWORD, productionAuth } from '../support/production.ts'
import { addSampleRows } from '../support/sample-rows.ts'
import type { Send } from '../support/send.ts'
import { ALICE, BOB, NEW_ADDRESS } from '../support/story.ts'
import { emailChangeToken, resetToken, type World, worldOf } from '../support/world.ts'

const DAY = 86_400

/** The session in `sessionToken` makes the request, which may name the first of the others. */
type Acting = World & { readonly rest: readonly string[]; readonly bobs: string }

interface End {
  readonly what: string
  /** What happens to the session that makes the request. */
  readonly own: 'stays' | 'ends' | 'ends, a new one begins'
  /** What happens to the other sessions of the account. */
  readonly others: 'stay' | 'end'
  /** Returns the session that begins, if one does. */
  readonly act: (acting: Acting) => Promise<string | undefined>
}

const ENDS: readonly End[] = [
  {
    what: 'DELETE /sessions',
    own: 'ends',
    others: 'stay',
    act: (acting) => go(acting, 'DELETE', '/sessions'),
  },
  {
    what: 'POST /sessions with its cookie',
    own: 'ends, a new one begins',
    others: 'stay',
    act: (acting) => go(acting, 'POST', '/sessions', { json: { email: ALICE, password: PASSWORD } }),
  },
  {
    what: 'POST /reauthenticate',
    own: 'ends, a new one begins',
    others: 'stay',
    act: (acting) => go(acting, 'POST', '/reauthenticate', { json: { password: PASSWORD } }),
  },
  {
    what: 'PUT /profile/password',
    own: 'ends, a new one begins',
    others: 'end',
    act: (acting) =>
      go(acting, 'PUT', '/profile/password', {
        json: { current_password: PASSWORD, new_password: NEW_PASSWORD },
      }),
  },
  {
    what: 'PUT /reset_password',
    own: 'ends',
    others: 'end',
    act: async (acting) =>
      go(acting, 'PUT', '/reset_password', {
        json: { email: ALICE, reset_token: await resetToken(acting), new_password: NEW_PASSWORD },
      }),
  },
  {
    what: 'POST /confirm_email of a new address',
    own: 'stays',
    others: 'stay',
    act: async (acting) =>
      go(acting, 'POST', '/confirm_email', {
        json: { token: await emailChangeToken(acting), password: PASSWORD },
      }),
  },
  {
    what: 'DELETE /sessions/{id} of another',
    own: 'stays',
    others: 'end',
    act: (acting) => go(acting, 'DELETE', `/sessions/${acting.rest[0]?.split('.')[0]}`),
  },
  {
    what: 'DELETE /sessions/others',
    own: 'stays',
    others: 'end',
    act: (acting) => go(acting, 'DELETE', '/sessions/others'),
  },
  {
    what: 'DELETE /profile',
    own: 'ends',
    others: 'end',
    act: (acting) => go(acting, 'DELETE', '/profile'),
  },
  {
    what: 'bienvenue users disable',
    own: 'ends',
    others: 'end',
    act: async ({ auth, userId }) => void (await auth.users.disable(userId)),
  },
  {
    what: 'bienvenue users compromise',
    own: 'ends',
    others: 'end',
    act: async ({ auth, userId }) => void (await auth.users.markPasswordCompromised(userId)),
  },
  {
    what: 'bienvenue users delete',
    own: 'ends',
    others: 'end',
    act: async ({ auth, userId }) => void (await auth.users.delete(userId)),
  },
  {
    what: 'bienvenue users set-email --confirmed',
    own: 'ends',
    others: 'end',
    act: async ({ auth, userId }) =>
      void (await auth.users.setEmail(userId, { email: NEW_ADDRESS, confirmed: true })),
  },
  {
    what: 'bienvenue users revoke-factor',
    own: 'ends',
    others: 'end',
    act: async ({ auth, db, userId }) => {
      await addSampleRows(db, userId, new Date(2_000_000_000_000))
      await auth.users.revokeFactors(userId, { passkeys: true })
      return undefined
    },
  },
  {
    what: 'bienvenue sessions end',
    own: 'ends',
    others: 'end',
    act: async ({ auth, userId }) => void (await auth.destroySession(userId)),
  },
  {
    what: 'bienvenue sessions end-all',
    own: 'ends',
    others: 'end',
    act: async ({ auth }) => void (await auth.users.endEverySession()),
  },
  {
    what: 'bienvenue restore',
    own: 'ends',
    others: 'end',
    act: async ({ auth }) => void (await auth.transfer.finishRestore({ keepSessions: false })),
  },
  {
    what: 'its lifetime is over',
    own: 'ends',
    others: 'stay',
    act: async ({ auth, now, sessionToken, rest, bobs }) => {
      // The others began a second later; all are used every day.
      for (let left = OPTION_TABLE.sessionLifetimeSeconds.classic - 1; left > 0; left -= DAY) {
        now.advance(Math.min(left, DAY))
        for (const session of [sessionToken, ...rest, bobs]) await auth.getUserFromSessionId(session)
      }
      return undefined
    },
  },
  {
    what: 'it was not used for too long',
    own: 'ends',
    others: 'stay',
    act: async ({ auth, now, rest, bobs }) => {
      now.advance(OPTION_TABLE.sessionIdleSeconds.production - DAY)
      for (const session of [...rest, bobs]) await auth.getUserFromSessionId(session)
      now.advance(DAY)
      return undefined
    },
  },
]

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

onEachEngine('sessions', (engine) => {
  it('last as long, and are as many, as the defaults say; the least recently used one makes room [SES-09]', async () => {
    const { auth, now } = await productionAuth(engine)
    await auth.users.create({ email: ALICE, password: PASSWORD, confirmed: true })
    const start = async () => (await auth.createSession(ALICE)) ?? expect.unreachable()
    const isLive = async (session: string) => (await auth.getUserFromSessionId(session)) !== null
    const [lifetime, idle, most] = [
      OPTION_TABLE.sessionLifetimeSeconds.classic,
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

  it.each(ENDS)('after $what: its own $own, the others $others', async ({ what, own, others, act }) => {
    const world = await worldOf(engine)
    const { auth, now, sessionToken, newSession } = world
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    now.advance(1)
    const rest = [await newSession(), await newSession()]
    const bobs = (await auth.createSession(BOB)) ?? expect.unreachable()
    const begun = await act({ ...world, rest, bobs })

    const isLive = async (session?: string) => (await auth.getUserFromSessionId(session)) !== null
    expect(await isLive(sessionToken)).toBe(own === 'stays')
    expect([begun !== undefined, await isLive(begun)]).toEqual(Array(2).fill(own.endsWith('begins')))
    const theyStay = others === 'stay'
    expect(await Promise.all(rest.map(isLive))).toEqual([theyStay, theyStay || what.endsWith('of another')])
    expect(await isLive(bobs)).toBe(!/end-all|restore/.test(what))
  })
})

// The cap has to hold for sessions that start at once.
onBothEngines('sessions', (engine) => {
  it('are capped for each account, as are tokens and waiting mails with links [AVL-04]', async () => {
    const mailer = memoryMailer(() => Promise.reject(new MailError('not today')))
    const options = { sessionsPerUser: 3, resetRequestsPerAccount: 100, mailer }
    const { auth, db } = await productionAuth(engine, options)
    const { id } = await auth.users.create({ email: ALICE, password: PASSWORD, confirmed: true })
    // All at once.
    await Promise.all(Array.from({ length: 20 }, () => auth.createSession(ALICE)))
    expect(await db.selectFrom('sessions').select('id').where('user_id', '=', id).execute()).toHaveLength(3)
    const sessionToken = await auth.createSession(ALICE)
    for (let round = 0; round < 3; round++) {
      await auth.account.createResetToken({ email: ALICE })
      await auth.account.requestPasswordReset({ email: ALICE })
      await auth.account.register({ email: ALICE, password: PASSWORD })
      await auth.account.changeEmail({ email: `${round}@example.com` }, { sessionToken })
    }
    expect(await db.selectFrom('sessions').select('id').where('user_id', '=', id).execute()).toHaveLength(3)
    const purposes = (
      await db.selectFrom('tokens').select('purpose').where('user_id', '=', id).execute()
    ).map(({ purpose }) => purpose)
    expect(new Set(purposes).size).toBe(purposes.length)
    const kinds = await db
      .selectFrom('outbox')
      .select('kind')
      .where('user_id', '=', id)
      .orderBy('kind')
      .execute()
    const withLinks = kinds.map(({ kind }) => kind).filter((kind) => kind !== 'email_change_requested')
    expect(withLinks).toEqual(['account_exists', 'confirm_new_email', 'reset_password'])
    expect(kinds).toHaveLength(3 + 3)
    // Nobody can make other tokens.
    expect(OPERATIONS.filter(({ id: name }) => /token/i.test(name))).toEqual([])
  })
})
