/**
 * A service with every hosted page, and Alice, who has an account. The sign-ins of Bob and Carol stay pending: Bob has an
 * authenticator app, and Carol must set up a second factor.
 */
import { expect, onTestFinished } from 'vitest'
import { OPERATIONS, type Operation } from '../../src/api/index.ts'
import type { AwaitedSignIn } from '../../src/auth/index.ts'
import type { Auth, CreateAuthOptions } from '../../src/index.ts'
import type { NextStep } from '../../src/model/factors.ts'
import { toNodeHandler } from '../../src/node.ts'
import { CHEAP_HASHER, freshAuth, type TestClock, testClock } from './engines.ts'
import { addTotp, type TestApp } from './factors.ts'
import { type MemoryMailer, memoryMailer, PASSWORD, productionOptions } from './production.ts'
import { type Send, send } from './send.ts'
import { ALICE } from './story.ts'
import { type OnEnd, serve } from './system.ts'

const BOB = 'bob.waits@wonderland.example'
const CAROL = 'carol.enrols@wonderland.example'

/** A foreign origin to which users may be sent. */
export const APPLICATION = 'https://app.example.com'

/** This page needs a sign-in flow, so test/pages/providers.test.ts tests it. */
const CONTINUE = '/login/continue'

/** Every other page. New ones are included automatically. */
export const PAGES = OPERATIONS.filter(
  ({ method, success, path }) => method === 'GET' && success.page && path !== CONTINUE,
)
/** Every form of a page, except those that need the cookie of a sign-in flow (test/attacks/providers.test.ts). */
export const FORMS = OPERATIONS.filter(
  ({ tag, method, id, fromOtherSites }) =>
    tag === 'page' && method === 'POST' && id !== 'pages.connectIdentity' && !fromOtherSites,
)

export interface PageSite {
  readonly auth: Auth
  readonly now: TestClock
  readonly mailer: MemoryMailer
  readonly userId: number
  /** Sends a request as a navigating browser does. */
  ask(method: string, path: string, request?: Send): Promise<Response>
  /** Starts a session of Alice. */
  newSession(): Promise<string>
  /** Starts a sign-in that stays pending: Bob's for the second factor, or Carol's for setting one up. */
  newSignIn(next: NextStep): Promise<string>
}

type Given = CreateAuthOptions & { readonly onEnd?: OnEnd }

/** One field of each kind. The first two are also on the sign-up page. */
const USER_FIELDS = {
  company: { label: { en: 'Company', fr: 'Entreprise' }, hint: 'As on your invoices.', signUp: true },
  letters: { label: 'Send me letters', type: 'boolean', signUp: true },
  employees: { label: 'Employees', type: 'number' },
  size: { label: 'Size', choices: { small: 'Small', large: { en: 'Large', de: 'Groß' } } },
} as const

/** Opens the site in production mode. It is closed when the test ends. */
export async function openPageSite({ onEnd = onTestFinished, ...options }: Given = {}): Promise<PageSite> {
  const now = testClock()
  const mailer = memoryMailer()
  const site = { returnOrigins: APPLICATION, now, mailer, userFields: USER_FIELDS }
  const auth = await freshAuth('sqlite', { ...productionOptions(), ...site, ...options }, onEnd)
  await auth.providers.add({ preset: 'google', clientId: 'bienvenue', clientSecret: 'secret' })
  const { id } = await auth.users.create({ email: ALICE, password: PASSWORD, confirmed: true })
  let isPrepared: Promise<TestApp> | undefined
  const prepare = async () => {
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const app = await addTotp(auth, now, { sessionToken: await auth.createSession(BOB) })
    const hashed_password = await CHEAP_HASHER.hash(PASSWORD)
    const at = now().getTime()
    const required = { email_verified_at: at, second_factor_required_at: at }
    const carol = { email: CAROL, hashed_password, ...required }
    await Array.fromAsync(auth.transfer.importUsers([{ fields: carol }]))
    return app
  }
  return {
    auth,
    now,
    mailer,
    userId: id,
    ask: (method, path, request = {}) =>
      send(auth, method, path, { ...request, headers: { accept: NAVIGATION, ...request.headers } }),
    async newSignIn(next) {
      isPrepared ??= prepare()
      await isPrepared
      const email = { second_factor: BOB, enrol: CAROL }[next]
      const { loginToken } = (await auth.signIn.withPassword({ email, password: PASSWORD })) as AwaitedSignIn
      return loginToken
    },
    newSession: async () => (await auth.createSession(ALICE)) ?? expect.unreachable(),
  }
}

/** What Chromium sends when it navigates. */
export const NAVIGATION =
  'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'

/** Presents the session or pending sign-in that a page needs, if any. If the page sets up an app, starts the set-up. */
export async function sessionFor(
  { access, path }: Operation,
  site: PageSite,
): Promise<Pick<Send, 'sessionToken' | 'loginToken'>> {
  if (access === 'anyone') return {}
  const presented =
    access === 'pending'
      ? { loginToken: await site.newSignIn(path.startsWith('/sign_in/enrol') ? 'enrol' : 'second_factor') }
      : { sessionToken: await site.newSession() }
  if (path.endsWith('/app')) await site.auth.factors.startTotp({ sessionToken: null, ...presented })
  return presented
}

/** Serves the site to a browser, at http://localhost. */
export async function startPageSite({
  onEnd = onTestFinished,
  ...options
}: Given = {}): Promise<PageSite & { readonly origin: string; readonly received: readonly string[] }> {
  const received: string[] = []
  let handle: ReturnType<typeof toNodeHandler> | undefined
  const url = await serve((request, response) => {
    received.push(`${request.method} ${request.url}`)
    return handle?.(request, response)
  }, onEnd)
  const origin = url.replace('127.0.0.1', 'localhost')
  const site = await openPageSite({
    mode: 'development',
    baseUrl: origin,
    databaseUrl: 'sqlite::memory:',
    onEnd,
    ...options,
  })
  handle = toNodeHandler(site.auth)
  return { ...site, origin, received }
}
