/** Production mode as it is deployed: its settings, requests over a real socket, and delivered mail. */
import { type IncomingHttpHeaders, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { text } from 'node:stream/consumers'
import { expect } from 'vitest'
import { randomKey } from './production.ts'
import { runCli } from './service.ts'
import type { startSmtpServer } from './smtp.ts'

type SmtpServer = Awaited<ReturnType<typeof startSmtpServer>>
type Received = SmtpServer['received'][number]

/** The public host name of the service. */
export const HOST = 'auth.example.com'

/** The settings that production mode has no default for. The breach check is off because it needs the internet. */
export function productionEnv(smtpUrl: string, baseUrl = `https://${HOST}`) {
  return {
    BIENVENUE_MODE: 'production',
    BASE_URL: baseUrl,
    BIENVENUE_SECRET_KEY: randomKey(),
    SMTP_URL: smtpUrl,
    BIENVENUE_MAIL_FROM: 'Example <no-reply@example.com>',
    BIENVENUE_TRUSTED_PROXIES: '127.0.0.1',
    BIENVENUE_BREACH_CHECK_URL: 'off',
  }
}

/** The address that a request is sent to. With `ca`, the connection uses TLS and trusts this authority only. */
export interface Target {
  readonly port: number
  /** The `Host` header. */
  readonly host?: string
  readonly ca?: Buffer
  /** The loopback address that the client connects from. */
  readonly localAddress?: string
}

/** The parts of a request as a program sends it, not a browser: JSON, without `Origin` or `Sec-Fetch-Site`. */
export interface Ask {
  readonly fields?: Readonly<Record<string, string>>
  readonly cookies?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The parsed body if it is JSON, else an empty object. */
  readonly json: Readonly<Record<string, unknown>>
}

/**
 * Sends one request over a new connection. Unlike `send`, it chooses the `Host` header, the authority to trust and
 * the client's address.
 */
export async function ask(
  { port, host = HOST, ca, localAddress }: Target,
  method: string,
  path: string,
  { fields, cookies = {}, headers }: Ask = {},
): Promise<Answer> {
  const cookie = Object.entries(cookies).map((pair) => pair.join('='))
  const options = {
    ...{ host: '127.0.0.1', port, method, path, agent: false },
    ...(localAddress !== undefined && { localAddress }),
    headers: {
      host,
      'user-agent': 'Test/1.0',
      ...(fields && { 'content-type': 'application/json' }),
      ...(cookie.length > 0 && { cookie: cookie.join('; ') }),
      ...headers,
    },
  }
  const request = ca === undefined ? requestHttp(options) : requestHttps({ ...options, ca, servername: HOST })
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  request.on('error', reject)
  request.on('response', async (response) => {
    const body = await text(response)
    const isJson = response.headers['content-type']?.startsWith('application/json') === true
    const json = isJson ? JSON.parse(body) : {}
    resolve({ status: response.statusCode ?? 0, headers: response.headers, text: body, json })
  })
  request.end(fields && JSON.stringify(fields))
  return promise
}

/** Runs a command of `bienvenue` on the database of a running service. @returns The JSON value of each output line. */
export async function runCommand<Line>(
  args: readonly string[],
  databaseUrl: string,
  env: Readonly<Record<string, string>>,
): Promise<Line[]> {
  const finished = await runCli([...args, '--json'], { env: { ...env, DATABASE_URL: databaseUrl } })
  expect(finished).toMatchObject({ exitCode: 0, stderr: '' })
  return finished.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line)
}

/** The cookies that a response sets, by name. */
export function cookiesOf(answer: Answer): Record<string, string> {
  const pairs = answer.headers['set-cookie']?.map((cookie) => /^([^=]+)=([^;]*)/.exec(cookie)?.slice(1) ?? [])
  return Object.fromEntries(pairs ?? [])
}

/** The `nth` mail to an address, counted from 0. Waits until it arrives. */
export async function mailTo(smtp: SmtpServer, address: string, nth = 0): Promise<Received> {
  const ofAddress = () => smtp.received.filter(({ to }) => to.includes(address))
  await expect.poll(() => ofAddress().length, { timeout: 20_000, interval: 20 }).toBeGreaterThan(nth)
  return ofAddress()[nth] as Received
}

/** The first link in a mail. Throws if there is none. */
export function linkIn({ mail }: Received): URL {
  const [link] = /https:\/\/\S+/.exec(mail.text ?? '') ?? []
  if (link === undefined) throw new Error(`no link in:\n${mail.text}`)
  return new URL(link)
}

/** The parameters in the fragment of a link, by name. */
export function fragmentOf({ hash }: URL): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(hash.slice(1)))
}
