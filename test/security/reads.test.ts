/** Requirements on GET and HEAD. */
import { expect, it } from 'vitest'
import { OPERATIONS, TOPICS } from '../../src/api/index.ts'
import { servedOperations } from '../../src/app/served.ts'
import type { Auth } from '../../src/index.ts'
import { openAssets, openSite } from '../../src/pages/index.ts'
import { freshAuth, onEachEngine } from '../support/engines.ts'
import { addTotp } from '../support/factors.ts'
import { PASSWORD, productionAuth } from '../support/production.ts'
import { askReset, BOB, CLASSIC_PASSWORD, EMAIL, rowsOf, tablesOf } from '../support/security.ts'
import { send } from '../support/send.ts'

/** With a session there is no need to sign in or up, and the account is not deleted. The last one always leads on. */
const { showSignIn, showSignUp, showConfirmCode, showDeleted, changePasswordAddress } = TOPICS.pages
const LEADS_ON = new Set<string>(
  [showSignIn, showSignUp, showConfirmCode, showDeleted, changePasswordAddress].map(({ path }) => path),
)

/** A sign-in that waits for a second factor, and one that sets one up. */
async function signInsThatWait(auth: Auth, now: () => Date) {
  const begin = async (email: string) => {
    const result = await auth.signIn.withPassword({ email, password: PASSWORD })
    return result.next === 'signed_in' ? expect.unreachable() : result.loginToken
  }
  const [fay, gil] = ['fay@example.com', 'gil@example.com']
  const { id } = await auth.users.create({ email: gil, password: PASSWORD, confirmed: true })
  await auth.users.requireSecondFactor(id, { required: true })
  await auth.users.create({ email: fay, password: PASSWORD, confirmed: true })
  await addTotp(auth, now, { sessionToken: await auth.createSession(fay) })
  const waiting = { second_factor: await begin(fay), enrol: await begin(gil) }
  await auth.factors.startTotp({ sessionToken: null, loginToken: waiting.enrol })
  return waiting
}

/** They need the cookie of a way to a provider. With it, the callback works once: a provider sends the browser back with a GET. */
const OF_FLOWS = new Set<string>(
  [TOPICS.pages.completeAtCallback, TOPICS.pages.showContinue].map(({ path }) => path),
)

onEachEngine('GET and HEAD', (engine) => {
  it.each(['classic', 'production'] as const)(
    'change only the last use of a session, start no session, and trigger no action in %s mode [API-06, SES-17, CX-07]',
    async (mode) => {
      const { auth, db, now, newMails, mailedLink } = await productionAuth(engine, {
        mode,
        publicApiDocs: true,
        passkeyOrigins: 'https://example.fr',
      })
      const served = servedOperations(auth)
      if (mode === 'production') expect(served).toEqual(OPERATIONS)
      const styleName = openAssets(openSite(auth.options)).style.name
      await auth.users.create({ email: EMAIL, password: PASSWORD, confirmed: true })
      const [sessionToken, other] = [await auth.createSession(EMAIL), await auth.createSession(EMAIL)]
      if (sessionToken === null || other === null) expect.unreachable()
      await auth.account.requestPasswordReset({ email: EMAIL })
      const reset = await mailedLink('reset_password')
      await auth.account.changeEmail({ email: 'new@example.com' }, { sessionToken })
      const confirmation = await mailedLink('confirm_new_email')
      await auth.factors.startTotp({ sessionToken })
      const waiting = await signInsThatWait(auth, now)
      await newMails()

      const fields = {
        email: EMAIL,
        password: PASSWORD,
        token: confirmation.token,
        reset_token: reset.token,
        new_password: 'seven green umbrellas',
        _method: 'DELETE',
      }
      const query = `?${new URLSearchParams(fields)}`
      const override = ['x-http-method-override', 'x-http-method', 'x-method-override']
      const navigation = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
      const variants = [{}, navigation, ...override.map((name) => ({ [name]: 'DELETE' }))]
      const readAll = async (headers: Record<string, string>) => {
        for (const path of new Set(served.map((operation) => operation.path)))
          for (const method of ['GET', 'HEAD']) {
            const isRead = served.some((each) => each.path === path && each.method === 'GET')
            const names = { '{id}': other.split('.')[0] ?? '', '{name}': styleName, '{provider}': 'company' }
            const target = path.replace(/\{\w+\}/, (name) => names[name as keyof typeof names]) + query
            const success = LEADS_ON.has(path) ? 303 : OF_FLOWS.has(path) ? 401 : 200
            const loginToken = path.startsWith('/sign_in/enrol') ? waiting.enrol : waiting.second_factor
            const answer = await send(auth, method, target, { sessionToken, loginToken, headers })
            expect(answer.status, `${method} ${path}`).toBe(isRead ? success : 405)
            expect(answer.headers.getSetCookie()).toEqual([])
          }
      }
      const lastUse = db.selectFrom('sessions').select(['last_seen_at', 'idle_expires_at']).limit(1)
      const neverUsed = await lastUse.executeTakeFirstOrThrow()
      // Every row of every table: a read adds no audit record and moves no counter either.
      const before = await rowsOf(db)
      for (const headers of variants) await readAll(headers)
      expect(await rowsOf(db)).toBe(before)

      // A minute later only the time of the last use changes.
      now.advance(60)
      await readAll({})
      const ofSession = lastUse.where('id', '=', sessionToken.split('.')[0] ?? '')
      // It is written after the response.
      await expect
        .poll(() => ofSession.executeTakeFirstOrThrow())
        .toMatchObject({ last_seen_at: now().getTime() })
      await db.updateTable('sessions').set(neverUsed).execute()
      expect(await rowsOf(db)).toBe(before)
    },
  )

  it('declare no audit record and no limit, except to come back from a provider', () => {
    // A provider sends the browser back with a GET. It works once, with the cookie that only this browser has.
    const reads = OPERATIONS.filter(({ method, id }) => method === 'GET' && id !== 'pages.completeAtCallback')
    expect(reads.filter(({ audit, throttle }) => audit !== undefined || throttle !== undefined)).toEqual([])
  })

  it('read no fields from the query string, like all other methods [CX-07]', async () => {
    const auth = await freshAuth(engine)
    await auth.registerUser(EMAIL, CLASSIC_PASSWORD)
    const token = await askReset(auth)
    const db = await tablesOf(auth)
    const before = await rowsOf(db)
    for (const [method, path, fields] of [
      ['POST', '/users', { email: 'new@example.com', password: CLASSIC_PASSWORD }],
      ['POST', '/sessions', BOB],
      ['POST', '/reset_password', { email: EMAIL }],
      ['PUT', '/reset_password', { email: EMAIL, reset_token: token, new_password: 'pwned' }],
    ] as const) {
      const query = `${path}?${new URLSearchParams(fields)}`
      expect((await send(auth, method, query)).status).toBe(400)
      for (const [name, value] of Object.entries(fields)) {
        const { [name]: _, ...others } = fields as Record<string, string>
        const answer = await send(auth, method, `${path}?${new URLSearchParams({ [name]: value })}`, {
          form: others,
        })
        expect(await answer.json()).toMatchObject({ code: 'missing_field', field: name })
      }
    }
    expect(await rowsOf(db)).toBe(before)
  })
})
