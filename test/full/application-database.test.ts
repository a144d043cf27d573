/** An application with its own `users` table, in Chromium: from sign-up with a required field to erasure. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { createAuth } from '../../src/index.ts'
import { toNodeHandler } from '../../src/node.ts'
import { applicationDatabase } from '../support/application.ts'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { type EngineName, filePath, onBothEngines } from '../support/engines.ts'
import { memoryMailer, until } from '../support/production.ts'

const EVE = 'eve@example.com'
const PASSWORD = 'seven green umbrellas'
const NAMING = { sqlite: { tablePrefix: 'auth_' }, postgres: { databaseSchema: 'auth' } } as const
/** The application's table about our users. */
const MEMBERS = {
  sqlite:
    'create table members (id integer primary key references auth_users (id) on delete cascade, company text)',
  postgres:
    'create table members (id bigint primary key references auth.users (id) on delete cascade, company text)',
} as const

function poolOf(databaseUrl: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: databaseUrl })
  onTestFinished(() => pool.end())
  return pool
}

function fileOf(databaseUrl: string): DatabaseSync {
  const database = new DatabaseSync(filePath(databaseUrl))
  onTestFinished(() => database.close())
  return database
}

/** Serves the application at `/`, and the service under `/auth`. */
async function startApplication(engine: EngineName) {
  const { databaseUrl, query, contents } = await applicationDatabase(engine)
  const before = await contents()
  let answer: Parameters<typeof createServer>[1]
  const server = createServer((request, response) => answer?.(request as never, response as never))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  const mailer = memoryMailer()
  const auth = await createAuth({
    mode: 'development',
    baseUrl: `${origin}/auth`,
    returnOrigins: origin,
    database: engine === 'sqlite' ? fileOf(databaseUrl) : poolOf(databaseUrl),
    ...NAMING[engine],
    mailer,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    metadataSchema: {
      public: z.object({ company: z.string().min(2), plan: z.enum(['free', 'pro']).default('free') }),
    },
    userFields: { company: { label: { en: 'Company', fr: 'Entreprise' }, required: true } },
    hooks: {
      async afterSignUp({ user }) {
        await query(`insert into members values (${user.id}, '${user.metadata.company}')`)
      },
    },
    mail: {
      templates: {
        verify_email: ({ url, serviceName }) => ({
          subject: 'The application welcomes you',
          text: `Welcome to ${serviceName}, from the application itself: ${url}`,
        }),
      },
    },
  })
  const handler = toNodeHandler(auth)
  answer = async (request, response) => {
    if (request.url?.startsWith('/auth')) return handler(request, response)
    const found = await auth.getSession(request)
    const plan: 'free' | 'pro' | undefined = found?.user.metadata.plan
    response
      .setHeader('content-type', 'text/plain')
      .end(found ? `${found.user.metadata.company} ${plan}` : 'nobody')
  }
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
    await auth.close()
  })
  await query(MEMBERS[engine])
  return { auth, origin, mailer, query, contents, before }
}

onBothEngines('an application with its own users', (engine) => {
  // Needs Chromium. Without it the run lists this as skipped.
  it.skipIf(!hasBrowser)(
    'has ours from sign-up with a required field to erasure, and keeps its own tables',
    async () => {
      const { auth, origin, mailer, query, contents, before } = await startApplication(engine)
      const members = () => query('select company from members')
      const browser = await openBrowser()
      const page = await browser.newPage({ locale: 'en-GB' })
      const heading = () => page.locator('h1').textContent()

      await page.goto(`${origin}/auth/sign_up?return_to=${encodeURIComponent(origin)}/`)
      await page.getByLabel('Email address').fill(EVE)
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
      await page.getByRole('button', { name: 'Create account' }).click()
      await page.getByRole('link', { name: 'Fill in this field: Company.' }).click()
      expect(await page.evaluate('document.activeElement.id')).toBe('metadata.company')
      expect(await auth.users.find(EVE)).toBeNull()
      await page.keyboard.type('Looking Glass')
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
      await page.getByRole('button', { name: 'Create account' }).click()

      await page.waitForURL(/\/sign_up\/code/)
      await until(() => mailer.mails.length > 0)
      const [mail] = mailer.mails
      expect(mail).toMatchObject({ to: EVE, kind: 'verify_email', subject: 'The application welcomes you' })
      await page.getByLabel('Code from the email').fill(mail?.code ?? expect.unreachable())
      await page.getByRole('button', { name: 'Confirm address' }).click()
      await page.waitForURL(`${origin}/`)
      expect(await page.locator('body').textContent()).toBe('Looking Glass free')
      await until(async () => (await members()).length > 0)

      await page.goto(`${origin}/auth/account/profile`)
      await page.getByLabel('Company').fill('Wonderland')
      await page.getByLabel('Name').fill('Eve')
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('Your profile has been saved.').waitFor()
      expect((await auth.users.find(EVE))?.user).toMatchObject({
        name: 'Eve',
        metadata: { company: 'Wonderland', plan: 'free' },
      })

      await page.goto(`${origin}/auth/account/data`)
      await page.getByLabel('Your email address').fill(EVE)
      await page.getByRole('button', { name: 'Delete account' }).click()
      await page.waitForURL(/\/account\/deleted/)
      expect(await heading()).toBe('Your account has been deleted')
      await page.goto(`${origin}/`)
      expect(await page.locator('body').textContent()).toBe('nobody')
      expect(await auth.users.find(EVE)).toBeNull()
      expect(await members()).toEqual([])
      expect(await contents()).toEqual(before)
    },
  )
})
