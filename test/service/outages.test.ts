/** Both helpers of the service away at once. faults-mail.test.ts tests how mail alone can fail. */
import { expect, it, onTestFinished } from 'vitest'
import { createAuth, type Logger } from '../../src/index.ts'
import { CHEAP_HASHER, migratedDatabase, onBothEngines } from '../support/engines.ts'
import { freePort } from '../support/ports.ts'
import { BASE_URL, cookieIn, NEW_PASSWORD, PASSWORD, randomKey, until } from '../support/production.ts'
import { type Send, send } from '../support/send.ts'
import { ALICE, BOB, NEW_ADDRESS } from '../support/story.ts'

onBothEngines('an outage of the mail server and the breach service', (engine) => {
  it('leaves everything else working [AVL-03]', async () => {
    const log: string[] = []
    const write = (_fields: unknown, msg: string) => void log.push(msg)
    const logger: Logger = { debug() {}, info() {}, warn: write, error: write }
    const [smtpPort, breachPort] = [await freePort(), await freePort()]
    const auth = await createAuth({
      mode: 'production',
      databaseUrl: await migratedDatabase(engine),
      hasher: CHEAP_HASHER,
      baseUrl: BASE_URL,
      secretKey: randomKey(),
      smtpUrl: `smtp://127.0.0.1:${smtpPort}`,
      mailFrom: 'no-reply@example.com',
      breachCheckUrl: `http://127.0.0.1:${breachPort}`,
      logger,
    })
    onTestFinished(() => auth.close())
    await auth.users.create({ email: ALICE, password: PASSWORD, confirmed: true })
    const statuses: number[] = []
    const go = async (method: string, path: string, request: Send = {}) => {
      const answer = await send(auth, method, path, request)
      statuses.push(answer.status)
      return answer
    }
    const login = await go('POST', '/sessions', { json: { email: ALICE, password: PASSWORD } })
    const sessionToken = cookieIn(login, 'session_id')
    await go('POST', '/users', { json: { email: BOB, password: PASSWORD } })
    await go('POST', '/reset_password', { json: { email: ALICE } })
    await go('POST', '/request_confirmation', { json: { email: BOB } })
    await go('PUT', '/profile/email', { json: { email: NEW_ADDRESS }, sessionToken })
    await go('GET', '/profile', { sessionToken })
    const json = { current_password: PASSWORD, new_password: NEW_PASSWORD }
    await go('PUT', '/profile/password', { json, sessionToken })
    await go('GET', '/readyz')
    expect(statuses).toEqual(Array(8).fill(200))
    // The mail waits, whatever its recipient.
    const mails = await auth.delivery.count()
    expect(mails).toBeGreaterThan(3)
    await until(async () => {
      const problems = await auth.delivery.listProblems()
      return problems.reduce((sum, problem) => sum + problem.mails, 0) === mails
    })
    expect(await auth.delivery.count()).toBe(mails)
    expect(log).toContain('a mail was not sent')
    // Two passwords were set. One line says that passwords are not looked up.
    expect(log.filter((msg) => msg.startsWith('the breach service'))).toEqual([
      'the breach service does not answer; passwords are not looked up',
    ])
  })
})
