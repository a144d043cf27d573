/** The service mounted in an Express app behind body parsers. */
import type { AddressInfo } from 'node:net'
import { parse } from 'node:querystring'
import { text } from 'node:stream/consumers'
import express, { type RequestHandler } from 'express'
import { expect, it, onTestFinished } from 'vitest'
import { errorBody } from '../../src/api/index.ts'
import { toNodeHandler } from '../../src/node.ts'
import { freshAuth } from '../support/engines.ts'

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'
const JSON_PARSERS = [express.json()]
const FORM_PARSERS = [express.urlencoded({ extended: true })]

/** A custom body parser. */
function parsing(parse: (text: string) => unknown): RequestHandler {
  return async (request, _, next) => {
    request.body = parse(await text(request))
    next()
  }
}

/** Starts an Express app with these handlers before the service. */
async function mountedBehind(...handlers: RequestHandler[]) {
  const log: Record<string, unknown>[] = []
  const write = (fields: Record<string, unknown>) => void log.push(fields)
  const auth = await freshAuth('sqlite', { logger: { debug: write, info: write, warn: write, error: write } })
  const server = express()
    .use(...handlers, toNodeHandler(auth))
    .listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    log,
    send: (
      type: string,
      body: string | ReadableStream,
      { method = 'POST', path = '/users', headers = {} } = {},
    ) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { 'content-type': type, ...headers },
        body,
        // Of a stream, the length is not known.
        duplex: 'half',
      } as RequestInit),
  }
}

async function refusalOf(response: Response): Promise<string> {
  const { code, field } = errorBody.parse(await response.json())
  return field === undefined ? code : `${code} ${field}`
}

it.each<[string, RequestHandler[]]>([
  ['json() and urlencoded()', [...JSON_PARSERS, ...FORM_PARSERS]],
  ['urlencoded() by querystring', [...JSON_PARSERS, express.urlencoded({ extended: false })]],
  ['text()', [express.text({ type: () => true })]],
  ['raw()', [express.raw({ type: () => true })]],
  ['json() only, which does not read forms', JSON_PARSERS],
])('registers and signs in behind %s', async (_, parsers) => {
  const { send } = await mountedBehind(...parsers)
  const fields = { email: 'bob@example.com', password: 'b4l0u é' }
  const registered = await send(JSON_TYPE, JSON.stringify(fields))
  expect(await registered.json()).toEqual({ email: 'bob@example.com', message: 'user created' })
  const signedIn = await send(FORM, new URLSearchParams(fields).toString(), { path: '/sessions' })
  expect(await signedIn.json()).toEqual({ email: 'bob@example.com', message: 'logged in' })
})

it.each<[string, RequestHandler[], string, string, string]>([
  ['an unknown field', JSON_PARSERS, JSON_TYPE, '{"role":"admin"}', 'unknown_field role'],
  ['a prototype', JSON_PARSERS, JSON_TYPE, '{"__proto__":{"email":"x"}}', 'unknown_field __proto__'],
  ['a constructor', JSON_PARSERS, JSON_TYPE, '{"constructor":{}}', 'unknown_field constructor'],
  ['a missing field', JSON_PARSERS, JSON_TYPE, '{"email":"x"}', 'missing_field password'],
  ['an empty object', JSON_PARSERS, JSON_TYPE, '{}', 'missing_field email'],
  ['a number in a field', JSON_PARSERS, JSON_TYPE, '{"email":1,"password":"x"}', 'invalid_field email'],
  ['null in a field', JSON_PARSERS, JSON_TYPE, '{"email":null,"password":"x"}', 'invalid_field email'],
  ['a list in a field', JSON_PARSERS, JSON_TYPE, '{"email":["x"],"password":"x"}', 'invalid_field email'],
  [
    'an object in a field',
    JSON_PARSERS,
    JSON_TYPE,
    '{"email":"x","password":{"$ne":""}}',
    'invalid_field password',
  ],
  ['half a surrogate pair', JSON_PARSERS, JSON_TYPE, '{"email":"\\ud800"}', 'invalid_field email'],
  ['a list instead of fields', JSON_PARSERS, JSON_TYPE, '[{"email":"x"}]', 'malformed_body'],
  ['a number instead of fields', [express.json({ strict: false })], JSON_TYPE, '1', 'malformed_body'],
  ['a repeated form field', FORM_PARSERS, FORM, 'email=x&email=y&password=x', 'invalid_field email'],
  ['a form field in brackets', FORM_PARSERS, FORM, 'email=x&password[$ne]=', 'invalid_field password'],
  ['a form with a list', FORM_PARSERS, FORM, 'email[]=x&password=x', 'invalid_field email'],
  // The parser `qs` drops the name.
  ['a form with a prototype', FORM_PARSERS, FORM, '__proto__[email]=x', 'missing_field email'],
  [
    'a prototype in an object without one',
    [parsing((text) => parse(text))],
    FORM,
    '__proto__=x&email=x',
    'unknown_field __proto__',
  ],
  [
    'fields that are only inherited',
    [parsing((text) => Object.assign({}, JSON.parse(text)))],
    JSON_TYPE,
    '{"__proto__":{"email":"x","password":"x"}}',
    'missing_field email',
  ],
  [
    'text that repeats a field',
    [express.text({ type: '*/*' })],
    FORM,
    'email=x&email=y',
    'repeated_field email',
  ],
  [
    'bytes that repeat a field',
    [express.raw({ type: '*/*' })],
    FORM,
    'email=x&email=y',
    'repeated_field email',
  ],
  // A page of another site can send text/plain without a preflight.
  [
    'JSON as text/plain',
    [express.json({ type: '*/*' })],
    'text/plain',
    '{"email":"x"}',
    'unsupported_media_type',
  ],
  [
    'text over 64 KiB',
    [express.text({ type: '*/*' })],
    FORM,
    `email=${'x'.repeat(65_536)}`,
    'body_too_large',
  ],
])('refuses %s in a body that a parser has read [API-02]', async (_, parsers, type, body, refusal) => {
  const { send } = await mountedBehind(...parsers)
  expect(await refusalOf(await send(type, body))).toBe(refusal)
  expect(({} as Record<string, unknown>).email).toBeUndefined()
})

it('refuses a parsed form on a route that only accepts JSON [API-07]', async () => {
  const { send } = await mountedBehind(...FORM_PARSERS)
  const answer = await send(FORM, 'password=x', { path: '/reauthenticate' })
  expect(await refusalOf(answer)).toBe('unsupported_media_type')
})

it('refuses a parsed body whose Content-Length is over 64 KiB', async () => {
  const { send } = await mountedBehind(express.json({ limit: '1mb' }))
  expect(await refusalOf(await send(JSON_TYPE, `{"email":"x"${' '.repeat(65_536)}}`))).toBe('body_too_large')
})

it('refuses a parsed body over 64 KiB that came without Content-Length', async () => {
  const { send } = await mountedBehind(express.json({ limit: '1mb' }))
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(`{"email":"${'x'.repeat(65_536)}"}`))
      controller.close()
    },
  })
  expect(await refusalOf(await send(JSON_TYPE, body))).toBe('body_too_large')
})

it('answers body_already_read and logs the problem if a handler read the body without keeping it', async () => {
  const { send, log } = await mountedBehind(parsing(() => undefined))
  const answer = await send(FORM, 'email=bob@example.com&password=b4l0u')
  expect(answer.status).toBe(500)
  const { code, message } = errorBody.parse(await answer.json())
  expect(code).toBe('body_already_read')
  expect(log.at(-1)).toMatchObject({ code, status: 500, problem: message, reason: { code } })
  expect(message).toMatch(/body parsers/)
})

it('answers body_already_read if a handler read a part of the body', async () => {
  const { send } = await mountedBehind((request, _, next) => {
    request.once('data', () => {
      request.pause()
      next()
    })
  })
  expect(await refusalOf(await send(FORM, 'email=x&password=y'))).toBe('body_already_read')
})

it('treats an empty body as a request without fields, even if a handler has read it', async () => {
  const { send } = await mountedBehind(parsing(() => undefined))
  expect(await refusalOf(await send(FORM, ''))).toBe('missing_field email')
})
