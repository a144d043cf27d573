/**
 * Sends the same requests to our server and to the Flask original. The responses are the same except for the
 * differences that docs/reference/compatibility.md lists. Each of them is tested here.
 */
import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PYTHON, startFlask } from '../support/flask.ts'
import { startService } from '../support/service.ts'

interface Sent {
  /** A form, or the text of its body. */
  readonly fields?: Readonly<Record<string, string>> | string
  readonly json?: unknown
  readonly cookie?: string
  readonly headers?: Readonly<Record<string, string>>
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** One of the two servers. */
class Side {
  readonly url: string

  constructor(url: string) {
    this.url = url
  }

  // Not `fetch`: it sends `Sec-Fetch-Mode`, which changes the response to a sign-out.
  async send(method: string, path: string, { fields, json, cookie, headers }: Sent = {}): Promise<Answer> {
    const form = fields && new URLSearchParams(fields).toString()
    const asked = request(`${this.url}${path}`, {
      method,
      agent: false,
      headers: {
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...(cookie !== undefined && { cookie }),
        ...headers,
      },
    })
    asked.end(form ?? (json && JSON.stringify(json)))
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    return { status: response.statusCode ?? 0, headers: response.headers, text: await text(response) }
  }

  /** Signs in. @returns The `Cookie` header of the new session. */
  async signIn(): Promise<string> {
    const { headers } = await this.send('POST', '/sessions', { fields: bob })
    return headers['set-cookie']?.[0]?.split(';', 1)[0] ?? expect.unreachable()
  }

  async logOut(headers = {}): Promise<Answer> {
    return this.send('DELETE', '/sessions', { cookie: await this.signIn(), headers })
  }

  async resetToken(): Promise<string> {
    const { text } = await this.send('POST', '/reset_password', { fields: { email: bob.email } })
    return (JSON.parse(text) as { reset_token: string }).reset_token
  }
}

/** The account that both sides have. */
const bob = { email: 'bob@example.com', password: 'b4l0u' }
let count = 0
const newAddress = () => `user-${++count}@example.com`
const mediaType = ({ headers }: Answer) => headers['content-type']?.split(';', 1)[0] ?? null
/** A body without the values that differ from one response to the next. */
const shape = (text: string) => text.replace(/(?<="reset_token":")[^"]+/, '…').trim()

describe.runIf(PYTHON)('our server, compared with the Flask original,', () => {
  let flask: Side
  let ours: Side
  const ends: (() => Promise<void> | void)[] = []
  const onEnd = (end: () => Promise<void> | void) => void ends.push(end)
  afterAll(async () => {
    for (const end of ends.toReversed()) await end()
  })
  beforeAll(async () => {
    const [flaskUrl, { url }] = await Promise.all([
      startFlask(onEnd),
      startService('sqlite::memory:', { onEnd }),
    ])
    flask = new Side(flaskUrl)
    ours = new Side(url)
    expect(await statuses('POST', '/users', { fields: bob })).toEqual([200, 200])
  })

  /** The results of both sides, Flask first. */
  const both = <Result>(use: (side: Side) => Promise<Result>) => Promise.all([use(flask), use(ours)])
  const statuses = (method: string, path: string, sent?: Sent) =>
    both(async (side) => (await side.send(method, path, sent)).status)

  const alike: [method: string, path: string, sent?: (side: Side) => Promise<Sent> | Sent][] = [
    ['GET', '/'],
    ['HEAD', '/'],
    ['POST', '/'],
    ['GET', '/nowhere'],
    ['GET', '/users'],
    ['POST', '/users', () => ({ fields: { ...bob, email: 'ann@example.com' } })],
    ['POST', '/users', () => ({ fields: bob })],
    ['POST', '/sessions', () => ({ fields: bob })],
    ['POST', '/sessions', () => ({ fields: { ...bob, password: 'wrong' } })],
    ['POST', '/sessions', () => ({ fields: { ...bob, email: 'nobody@example.com' } })],
    ['GET', '/profile'],
    ['GET', '/profile', () => ({ cookie: 'session_id=nonsense' })],
    ['GET', '/profile', async (side) => ({ cookie: await side.signIn() })],
    ['DELETE', '/sessions'],
    ['DELETE', '/sessions', async (side) => ({ cookie: await side.signIn() })],
    ['POST', '/reset_password', () => ({ fields: { email: bob.email } })],
    ['POST', '/reset_password', () => ({ fields: { email: 'nobody@example.com' } })],
    [
      'PUT',
      '/reset_password',
      () => ({ fields: { email: bob.email, reset_token: 'nonsense', new_password: bob.password } }),
    ],
    [
      'PUT',
      '/reset_password',
      async (side) => ({
        fields: { email: bob.email, reset_token: await side.resetToken(), new_password: bob.password },
      }),
    ],
  ]

  it.each(alike.map(([method, path, sent], index) => ({ index, method, path, sent })))(
    'answers the same: $method $path ($index)',
    async ({ method, path, sent = () => ({}) }) => {
      const [one, other] = await both(async (side) => side.send(method, path, await sent(side)))
      expect(other.status).toBe(one.status)
      expect(other.headers.location).toBe(one.headers.location)
      if (mediaType(one) !== 'application/json') return
      expect(mediaType(other)).toBe('application/json')
      expect(shape(other.text)).toBe(shape(one.text))
    },
  )

  it('differs in the length of session tokens and reset tokens', async () => {
    expect(await both(async (side) => (await side.signIn()).length - 'session_id='.length)).toEqual([36, 80])
    expect(await both(async (side) => (await side.resetToken()).length)).toEqual([36, 80])
  })

  it('differs in the attributes of the cookie, and clears it at sign-out', async () => {
    const login = await both((side) => side.send('POST', '/sessions', { fields: bob }))
    const [one, other] = login.map(({ headers }) => headers['set-cookie']?.[0])
    expect(one).toMatch(/^session_id=[^;]+; Path=\/$/)
    for (const attribute of [/; Path=\/;/, /; Max-Age=2592000/, /; HttpOnly/, /; SameSite=Lax/])
      expect(other).toMatch(attribute)
    const logout = await both((side) => side.logOut())
    expect(logout.map(({ headers }) => headers['set-cookie'])).toEqual([
      undefined,
      [expect.stringMatching(/^session_id=; Path=\/; Max-Age=0/)],
    ])
  })

  it('differs in keeping the first session after a second sign-in', async () => {
    const firstAfterSecond = async (side: Side) => {
      const cookie = await side.signIn()
      await side.signIn()
      return (await side.send('GET', '/profile', { cookie })).status
    }
    expect(await both(firstAfterSecond)).toEqual([403, 200])
  })

  it('differs in the form of refusals', async () => {
    const answers = await both((side) => side.send('GET', '/profile'))
    expect(answers.map(mediaType)).toEqual(['text/html', 'application/json'])
    expect(Object.keys(JSON.parse(answers[1].text))).toEqual(['message', 'code', 'field', 'request_id'])
  })

  it('differs in the redirect after sign-out: its body, and its status for browsers and `fetch`', async () => {
    const [one, other] = await both((side) => side.logOut())
    expect([one.text, other.text]).toEqual([expect.stringContaining('<title>Redirecting'), ''])
    const fetched = await both((side) =>
      side.logOut({ 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' }),
    )
    expect(fetched.map(({ status }) => status)).toEqual([302, 303])
  })

  it('differs in the formatting of JSON', async () => {
    const fields = { email: `é-${newAddress()}`, password: 'x' }
    const [one, other] = await both((side) => side.send('POST', '/users', { fields }))
    const [body, escaped] = ['é', '\\u00e9'].map((letter) => shape(other.text).replace('é', letter))
    expect([one.text, other.text]).toEqual([`${escaped}\n`, body])
  })

  it('differs for a field that is unknown, repeated, missing or empty', async () => {
    const ann = { email: newAddress(), password: 'x' }
    expect(await statuses('POST', '/users', { fields: { ...ann, nickname: 'Ann' } })).toEqual([200, 400])
    const twice = `email=${newAddress()}&email=${newAddress()}&password=x`
    expect(await statuses('POST', '/users', { fields: twice })).toEqual([200, 400])
    const empty = { email: newAddress(), password: '' }
    expect(await statuses('POST', '/users', { fields: empty })).toEqual([200, 400])
    expect(await statuses('POST', '/sessions', { fields: {} })).toEqual([401, 400])
    expect(await statuses('POST', '/sessions', { fields: { email: bob.email } })).toEqual([500, 400])
    expect(await statuses('POST', '/reset_password', { fields: {} })).toEqual([403, 400])
    const withoutToken = { email: bob.email, new_password: bob.password }
    expect(await statuses('PUT', '/reset_password', { fields: withoutToken })).toEqual([200, 400])
  })

  it('differs in which addresses are valid, and which are equal', async () => {
    const nope = { email: `nope${++count}`, password: 'x' }
    expect(await statuses('POST', '/users', { fields: nope })).toEqual([200, 400])
    const spelled = { ...bob, email: ` ${bob.email.toUpperCase()}` }
    expect(await statuses('POST', '/users', { fields: spelled })).toEqual([200, 400])
    const [, login] = await both((side) => side.send('POST', '/sessions', { fields: spelled }))
    expect(JSON.parse(login.text)).toEqual({ email: bob.email, message: 'logged in' })
  })

  it('differs for a reset token with the address of another account', async () => {
    const update = async (side: Side) => {
      const fields = {
        email: 'nobody@example.com',
        reset_token: await side.resetToken(),
        new_password: bob.password,
      }
      return (await side.send('PUT', '/reset_password', { fields })).status
    }
    expect(await both(update)).toEqual([200, 403])
  })

  it('differs in the maximum length of passwords and bodies', async () => {
    const ann = (length: number) => ({ email: newAddress(), password: 'x'.repeat(length) })
    expect(await statuses('POST', '/users', { fields: ann(1_025) })).toEqual([200, 400])
    expect(await statuses('POST', '/users', { fields: ann(70_000) })).toEqual([200, 413])
  })

  it('differs in the media types of bodies', async () => {
    const json = { email: newAddress(), password: 'x' }
    expect(await statuses('POST', '/users', { json })).toEqual([500, 200])
    const headers = { 'content-type': 'text/plain' }
    expect(await statuses('POST', '/users', { fields: 'email=a@b.example&password=x', headers })).toEqual([
      500, 415,
    ])
  })

  it('differs after too many attempts', async () => {
    const answers = async (side: Side) => {
      const seen = new Set<number>()
      for (let attempt = 0; attempt < 30; attempt++)
        seen.add(
          (await side.send('POST', '/sessions', { fields: { ...bob, email: 'guessed@example.com' } })).status,
        )
      return [...seen]
    }
    expect(await both(answers)).toEqual([[401], [401, 429]])
  })

  it('differs for a foreign host, a page of another site, and two session cookies', async () => {
    expect(await statuses('GET', '/', { headers: { host: 'example.com' } })).toEqual([200, 421])
    const headers = { origin: 'http://example.com' }
    const reset = { fields: { email: bob.email }, headers }
    expect(await statuses('POST', '/reset_password', reset)).toEqual([200, 403])
    const twoCookies = async (side: Side) =>
      (await side.send('GET', '/profile', { cookie: `${await side.signIn()}; session_id=x` })).status
    expect(await both(twoCookies)).toEqual([200, 403])
  })

  it('differs in other routes and methods', async () => {
    expect(await statuses('GET', '/sessions')).toEqual([405, 401])
    expect(await statuses('OPTIONS', '/')).toEqual([200, 405])
    expect(await statuses('GET', '//')).toEqual([200, 404])
  })

  it('differs in headers against caching, framing and MIME sniffing', async () => {
    const names = ['cache-control', 'content-security-policy', 'referrer-policy', 'x-content-type-options']
    const present = await both(async (side) => {
      const { headers } = await side.send('GET', '/')
      return names.filter((name) => name in headers)
    })
    expect(present).toEqual([[], names])
  })

  // Must be the last test, because it breaks the original for all later requests.
  it('differs after a registration without an address', async () => {
    expect(await statuses('POST', '/users', { fields: { password: 'x' } })).toEqual([500, 400])
    expect(await statuses('POST', '/sessions', { fields: bob })).toEqual([500, 200])
  })
})
