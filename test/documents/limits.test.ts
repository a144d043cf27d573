/** docs/security/limits.md: every number of the source that bounds something. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { createAuth, type Logger, MailError } from '../../src/index.ts'
import { ERRORS } from '../../src/model/errors.ts'
import { CHEAP_HASHER, freshDatabase, onBothEngines } from '../support/engines.ts'
import { freePort } from '../support/ports.ts'
import {
  BASE_URL,
  cookieIn,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
  randomKey,
  until,
} from '../support/production.ts'
import { type Send, send } from '../support/send.ts'
import { code, read, SOURCES, sourceOf, table, tablesOf } from './pages.ts'
import { ALICE, BOB, NEW_ADDRESS } from './story.ts'

const PAGE = 'docs/security/limits.md'

const LIMITING =
  /^(?:\w+_)?(?:MAX|LONGEST|TIMEOUT|RETRY|POLL|PAUSE|LEASE|LIFETIME|BATCH|PAGE|POOL|CONNECTIONS|IDLE|EVERY|DELAY|STEP)(?:_\w+)?$/
/** The rules for passwords and the limits on attempts have pages of their own. */
const ELSEWHERE = /^src\/auth\/policy\/(?!breaches)|^src\/(?:auth\/throttle|db\/throttles)\.ts$/

interface Limit {
  readonly name: string
  /** Of a span of time, in milliseconds; else as it is. */
  readonly value: number
}

/** Every number of the source that limits, by its file and name. */
function limitsOfSource(): Map<string, Limit> {
  const limits = new Map<string, Limit>()
  for (const { file, text } of SOURCES.filter((source) => !ELSEWHERE.test(source.file))) {
    const add = (name: string, expression: string, factor = 1) =>
      limits.set(`${file} ${name}`, { name, value: evaluate(file, expression) * factor })
    for (const [, name = '', expression = ''] of text.matchAll(
      /^(?:export )?const ([A-Z_]+) = ([\w */().]+)$/gm,
    ))
      if (LIMITING.test(name)) add(name, expression, name.endsWith('_SECONDS') ? 1_000 : 1)
    const [, members = ''] = /^const LIMITS = \{(.*?)^\} as const$/ms.exec(text) ?? []
    for (const [, name = '', expression = ''] of members.matchAll(/(\w+): (\d[\d_ *]*),/g))
      add(`LIMITS.${name}`, expression)
  }
  return limits
}

/** A number as the source writes it: factors and divisors, of which some are names of the same file. */
function evaluate(file: string, expression: string): number {
  const [first = '', ...rest] = expression.split(/\s*([*/])\s*/)
  let value = factorOf(file, first)
  for (let index = 0; index < rest.length; index += 2) {
    const next = factorOf(file, rest[index + 1] ?? '')
    value = rest[index] === '*' ? value * next : value / next
  }
  return value
}

function factorOf(file: string, text: string): number {
  if (/^\d[\d_]*$/.test(text)) return Number(text.replaceAll('_', ''))
  const [, definition] =
    new RegExp(`^(?:export )?const ${text} = ([\\w */]+)$`, 'm').exec(sourceOf(file)) ?? []
  return definition === undefined ? Number.NaN : evaluate(file, definition)
}

const UNITS: Readonly<Record<string, number>> = {
  ...{ KiB: 1_024, ms: 1, s: 1_000, min: 60_000, h: 3_600_000, days: 86_400_000 },
}

describe('docs/security/limits.md', () => {
  const rows = [...tablesOf(PAGE).values()].flat(2).filter(({ Constant }) => Constant !== undefined)

  it('has every limit of the source with its number, and no other [AVL-03]', () => {
    const limits = limitsOfSource()
    const described = new Map(rows.map((row) => [`${code(row.In)} ${code(row.Constant)}`, row.Limit ?? '']))
    expect([...described.keys()].sort()).toEqual([...limits.keys()].sort())
    expect(rows).toHaveLength(described.size)
    for (const [place, { name, value }] of limits) {
      const [, amount = '', unit = ''] = /^([\d,]+) (\w+)/.exec(described.get(place) ?? '') ?? []
      const factor = name.endsWith('_KIB') ? 1 : (UNITS[unit] ?? 1)
      if (Number.isNaN(value)) expect(described.get(place), place).toBe('one for each core')
      else expect(Number(amount.replaceAll(',', '')) * factor, place).toBe(value)
    }
    expect(sourceOf('src/auth/passwords/hashing/queue.ts')).toContain('RUNNING_MAX = availableParallelism()')
    // Where the numbers go.
    expect(sourceOf('src/db/postgres.ts')).toMatch(
      /max: POOL_SIZE,\s*connectionTimeoutMillis: TIMEOUT_MS,\s*query_timeout: hasTimeout \? TIMEOUT_MS : 0/,
    )
    expect(sourceOf('src/mail/smtp.ts')).toMatch(
      /connectionTimeout: timeoutMs \/ 3,\s*greetingTimeout: timeoutMs \/ 3,\s*socketTimeout: timeoutMs/,
    )
  })

  it('answers as the table of errors has it', () => {
    const named = [...read(PAGE).matchAll(/\b(\d{3}) `(\w+)`/g)]
    expect(named.length).toBeGreaterThan(8)
    for (const [, status, name = ''] of named)
      expect(ERRORS[name as keyof typeof ERRORS]?.status, name).toBe(Number(status))
  })
})

onBothEngines('docs/security/limits.md', (engine) => {
  it('is right about how many sessions, tokens and waiting mails one account has [AVL-04]', async () => {
    expect(table(PAGE, 'For one account').map(({ What, Limit }) => [What, Limit])).toEqual([
      ['sessions', '`BIENVENUE_SESSIONS_PER_USER`'],
      ['tokens', '20 of each purpose'],
      ['mails with a link that wait', '1 of each kind'],
    ])
    const mailer = memoryMailer(() => Promise.reject(new MailError('not today')))
    const options = { sessionsPerUser: 3, resetRequestsPerAccount: 100, mailer }
    const { auth, db } = await productionAuth(engine, options)
    const { id } = await auth.users.create({ email: ALICE, password: PASSWORD, confirmed: true })
    // At once, as well as one after the other.
    await Promise.all(Array.from({ length: 8 }, () => auth.createSession(ALICE)))
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
    expect(purposes.map((purpose) => purpose.split(':')[0])).toEqual(Array(3).fill('reset_password'))
    const kinds = await db
      .selectFrom('outbox')
      .select('kind')
      .where('user_id', '=', id)
      .orderBy('kind')
      .execute()
    const withLinks = kinds.map(({ kind }) => kind).filter((kind) => kind !== 'email_change_requested')
    expect(withLinks).toEqual(['account_exists', 'confirm_new_email', 'reset_password'])
    expect(kinds).toHaveLength(3 + 3)
  })

  it('is right that without mail server and breach service everything else works [AVL-03]', async () => {
    const log: string[] = []
    const write = (_fields: unknown, msg: string) => void log.push(msg)
    const logger: Logger = { debug() {}, info() {}, warn: write, error: write }
    const [smtpPort, breachPort] = [await freePort(), await freePort()]
    const auth = await createAuth({
      mode: 'production',
      databaseUrl: await freshDatabase(engine),
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
    await until(() => log.includes('a mail was not sent'))
    // Two passwords were set, and one line says that neither was looked up.
    expect(log.filter((msg) => msg.startsWith('the breach service'))).toEqual([
      'the breach service does not answer; passwords are not looked up',
    ])
    // Nothing is lost: it waits.
    expect(await auth.delivery.count()).toBeGreaterThan(3)
  })
})
