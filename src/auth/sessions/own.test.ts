import { expect, it } from 'vitest'
import { onBothEngines, onEachEngine } from '../../../test/support/engines.ts'
import { CLIENT, everyRow, PASSWORD, productionAuth, sightOf } from '../../../test/support/production.ts'
import { send } from '../../../test/support/send.ts'
import {
  INVALID_TOKENS,
  isLive,
  newSession,
  signedIn,
  signInNewUser,
} from '../../../test/support/signed-in.ts'

const BOB = 'bob@example.com'
const ROB = 'rob@example.com'

onEachEngine('the sessions of a user', (engine) => {
  it('are listed with times and device, most recently used first, without their secrets [SES-13]', async () => {
    const production = await productionAuth(engine)
    const { auth, now } = production
    const start = now()
    const { sessionToken } = await signInNewUser(production)
    now.advance(60)
    const elsewhere = signedIn(
      await auth.signIn.withPassword(
        { email: BOB, password: PASSWORD },
        { ip: '2001:db8::1', userAgent: 'curl/8' },
      ),
    )
    await auth.users.create({ email: ROB, password: PASSWORD, confirmed: true })
    await newSession(auth, ROB)
    now.advance(60)
    const sessions = await auth.sessions.list({ sessionToken })
    expect(sessions).toEqual([
      {
        id: sessionToken.slice(0, 36),
        current: true,
        createdAt: start,
        authenticatedAt: start,
        lastSeenAt: now(),
        idleExpiresAt: new Date(now().getTime() + 7 * 86_400_000),
        expiresAt: new Date(start.getTime() + 30 * 86_400_000),
        amr: ['pwd'],
        aal: 1,
        transport: 'cookie',
        persistent: true,
        ip: CLIENT.ip,
        userAgent: CLIENT.userAgent,
      },
      expect.objectContaining({
        id: elsewhere.sessionToken.slice(0, 36),
        current: false,
        ip: '2001:db8::1',
        userAgent: 'curl/8',
      }),
    ])
    const response = await send(auth, 'GET', '/sessions', { sessionToken })
    const body = await response.text()
    for (const token of [sessionToken, elsewhere.sessionToken]) expect(body).not.toContain(token.slice(37))
    expect(JSON.parse(body)).toMatchObject({ sessions: [{ current: true }, { current: false }] })
  })

  it('are listed only until they expire', async () => {
    const production = await productionAuth(engine, { sessionIdleSeconds: 1_000 })
    const { auth, now } = production
    const { sessionToken } = await signInNewUser(production)
    await newSession(auth)
    now.advance(999)
    expect(await auth.sessions.list({ sessionToken })).toHaveLength(2)
    now.advance(1)
    expect(await auth.sessions.list({ sessionToken })).toHaveLength(1)
  })

  it('can be ended one by one, including the current one [SES-13]', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const { sessionToken } = await signInNewUser(production)
    const [second, third] = [await newSession(auth), await newSession(auth)]
    await auth.sessions.end({ id: second.slice(0, 36) }, { sessionToken })
    expect(await isLive(auth, second)).toBe(false)
    for (const live of [sessionToken, third]) expect(await isLive(auth, live)).toBe(true)
    await auth.sessions.end({ id: sessionToken.slice(0, 36) }, { sessionToken })
    expect(await isLive(auth, sessionToken)).toBe(false)
    expect(await isLive(auth, third)).toBe(true)
  })

  it('can be ended only by their owner: any other id is not found, whether it exists or not [SES-13, ADM-02]', async () => {
    const production = await productionAuth(engine)
    const { auth, db } = production
    const { sessionToken } = await signInNewUser(production)
    await auth.users.create({ email: ROB, password: PASSWORD, confirmed: true })
    const robs = await newSession(auth, ROB)
    const own = sessionToken.slice(0, 36)
    const before = await everyRow(db)
    const unknown = auth.generateUuid()
    const ids = [
      robs.slice(0, 36),
      unknown,
      '',
      'others ',
      own.toUpperCase(),
      `${own} `,
      sessionToken,
      robs,
      `${own}' or '1'='1`,
      '00000000-0000-0000-0000-00000000000g',
    ]
    for (const id of [...ids, null, undefined, 7, {}] as string[]) {
      await expect(auth.sessions.end({ id }, { sessionToken })).rejects.toMatchObject({
        code: 'not_found',
      })
    }
    expect(await everyRow(db)).toEqual(before)
    const answers = [robs.slice(0, 36), unknown].map(async (id) =>
      sightOf(await send(auth, 'DELETE', `/sessions/${id}`, { sessionToken })),
    )
    const [foreign, missing] = await Promise.all(answers)
    expect(foreign).toMatchObject({ status: 404 })
    expect(foreign).toEqual(missing)
  })

  it('can all be ended except the current one, without affecting other users [SES-13]', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const { id, sessionToken } = await signInNewUser(production)
    await auth.users.create({ email: ROB, password: PASSWORD, confirmed: true })
    const robs = await newSession(auth, ROB)
    const others = [await newSession(auth), await newSession(auth)]
    expect(await auth.sessions.endOthers({ sessionToken })).toBe(2)
    for (const ended of others) expect(await isLive(auth, ended)).toBe(false)
    for (const live of [sessionToken, robs]) expect(await isLive(auth, live)).toBe(true)
    expect((await auth.db.findUserBy({ id })).sessionId).toBe(sessionToken.slice(0, 36))
    expect(await auth.sessions.endOthers({ sessionToken })).toBe(0)
  })

  it('can be managed only with a valid session', async () => {
    const { auth } = await productionAuth(engine)
    const refusal = { code: 'unauthenticated' }
    for (const sessionToken of INVALID_TOKENS) {
      await expect(auth.sessions.list({ sessionToken })).rejects.toMatchObject(refusal)
      await expect(auth.sessions.endOthers({ sessionToken })).rejects.toMatchObject(refusal)
      await expect(auth.sessions.end({ id: auth.generateUuid() }, { sessionToken })).rejects.toMatchObject(
        refusal,
      )
      await expect(auth.account.export({ sessionToken })).rejects.toMatchObject(refusal)
      await expect(auth.account.delete({ sessionToken })).rejects.toMatchObject(refusal)
    }
  })
})

onBothEngines('the sessions of a user, in statements of each engine,', (engine) => {
  it('can be ended by an operator, for one user or for all [SES-13]', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const { id, sessionToken } = await signInNewUser(production)
    await auth.users.create({ email: ROB, password: PASSWORD, confirmed: true })
    const robs = [await newSession(auth, ROB), await newSession(auth, ROB)]
    await auth.destroySession(id)
    expect(await isLive(auth, sessionToken)).toBe(false)
    for (const live of robs) expect(await isLive(auth, live)).toBe(true)
    expect(await auth.users.endEverySession()).toBe(2)
    for (const ended of robs) expect(await isLive(auth, ended)).toBe(false)
    expect(await Array.fromAsync(auth.audit.list({ action: 'end_all_sessions' }))).toHaveLength(2)
  })

  it('are ended once by concurrent requests', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const { sessionToken } = await signInNewUser(production)
    const [id = ''] = (await newSession(auth)).split('.')
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => auth.sessions.end({ id }, { sessionToken })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'not_found' })
    expect(await Array.fromAsync(auth.audit.list({ action: 'end_session' }))).toHaveLength(1)
  })
})
