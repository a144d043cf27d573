/** Attacks on the address in mailed links. */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import type { Mail } from '../../src/index.ts'
import { freshAuth, migratedDatabase, onEachEngine } from '../support/engines.ts'
import { BASE_URL, linkIn, PASSWORD, productionAuth, randomKey, until } from '../support/production.ts'
import { send } from '../support/send.ts'
import { startService } from '../support/service.ts'
import { startSmtpServer } from '../support/smtp.ts'
import {
  addMember,
  askReset,
  EVIL,
  GENEROUS,
  isPasswordOf,
  NEW_ADDRESS,
  OTHER,
  outcome,
  PWNED,
  plainAuth,
  reset,
  signIn,
  VICTIM,
} from './support.ts'

const HOST = new URL(BASE_URL).host

onEachEngine('the host of a mailed link', (engine) => {
  /** Every header from which some framework or proxy takes the address of a service. */
  const POISON: Record<string, string> = {
    forwarded: `for=192.0.2.1;host=${EVIL};proto=http`,
    'x-forwarded-host': EVIL,
    'x-forwarded-server': EVIL,
    'x-forwarded-proto': 'http',
    'x-forwarded-port': '8080',
    'x-forwarded-prefix': `//${EVIL}`,
    'x-forwarded-path': `//${EVIL}`,
    'x-forwarded-for': EVIL,
    'x-real-ip': EVIL,
    'x-host': EVIL,
    'x-original-host': EVIL,
    'x-http-host-override': EVIL,
    'x-original-url': `https://${EVIL}/reset_password`,
    'x-rewrite-url': `https://${EVIL}/reset_password`,
    referer: `https://${EVIL}/`,
    via: `1.1 ${EVIL}`,
  }

  const leadsHome = (mail: Mail, path: string) => {
    expect(linkIn(mail).page).toBe(BASE_URL + path)
    expect(`${mail.subject}${mail.text}${mail.html}`).not.toContain(EVIL)
  }

  it('CVE-2025-64101, CVE-2026-29067, GHSA-3529-5m8x-rpv3: does not depend on headers, not even of a trusted proxy [API-17]', async () => {
    const service = await productionAuth(engine, { ...GENEROUS, trustedProxies: '192.0.2.1' })
    const { auth, newMails } = service
    await addMember(auth)
    const { sessionToken } = await signIn(auth)
    await newMails()
    const from = { ip: '192.0.2.1' }
    for (const [name, value] of Object.entries(POISON)) {
      const request = { form: { email: VICTIM }, headers: { [name]: value }, ...from }
      expect(await outcome(send(auth, 'POST', '/reset_password', request)), name).toBe('200')
      const mails = await newMails()
      expect(mails.map(({ to }) => to)).toEqual([VICTIM])
      for (const mail of mails) leadsHome(mail, '/reset_password')
    }
    const all = { headers: POISON, ...from }
    for (const [kind, path, [method, route], request] of [
      [
        'account_exists',
        '/reset_password',
        ['POST', '/users'],
        { form: { email: VICTIM, password: PASSWORD } },
      ],
      ['verify_email', '/confirm_email', ['POST', '/users'], { form: { email: OTHER, password: PASSWORD } }],
      ['verify_email', '/confirm_email', ['POST', '/request_confirmation'], { json: { email: OTHER } }],
      [
        'confirm_new_email',
        '/confirm_email',
        ['PUT', '/profile/email'],
        { json: { email: NEW_ADDRESS }, sessionToken },
      ],
    ] as const) {
      expect(await outcome(send(auth, method, route, { ...request, ...all })), route).toBe('200')
      const mail = (await newMails()).find((candidate) => candidate.kind === kind)
      leadsHome(mail ?? expect.unreachable(kind), path)
    }

    // With another base URL, as such a header would set it, the link gives the account to the attacker.
    const poisoned = await plainAuth(engine, { baseUrl: `https://${EVIL}` })
    await addMember(poisoned.auth)
    await askReset(poisoned, VICTIM)
    const [mail] = await poisoned.mails()
    const { page, token } = linkIn(mail ?? expect.unreachable())
    expect(page).toBe(`https://${EVIL}/reset_password`)
    expect(await outcome(reset(poisoned, VICTIM, token, PWNED))).toBe('200')
    expect(await isPasswordOf(poisoned.auth, VICTIM, PWNED)).toBe(true)
  })

  it('is never another one, because a request for another host sends no mail [API-17]', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, newMails } = service
    await addMember(auth)
    const hosts = [
      EVIL,
      `${EVIL}:443`,
      `${HOST}.${EVIL}`,
      `${EVIL}.${HOST}`,
      `${HOST}@${EVIL}`,
      `${HOST}:443@${EVIL}`,
      `${HOST}:${EVIL}`,
      `${HOST}:5000`,
      `${HOST}.`,
      `${HOST}\\@${EVIL}`,
      `${HOST}/${EVIL}`,
      `${HOST}, ${EVIL}`,
      `${EVIL}, ${HOST}`,
      `[::1]`,
      'localhost',
      '127.0.0.1',
      '',
    ]
    for (const host of hosts) {
      const answer = send(auth, 'POST', '/reset_password', { form: { email: VICTIM }, headers: { host } })
      expect(['421 unknown_host', '400 malformed_request'], host).toContain(await outcome(answer))
    }
    // The host in the request line takes precedence over the Host header.
    const elsewhere = new Request(`https://${EVIL}/reset_password`, {
      method: 'POST',
      body: new URLSearchParams({ email: VICTIM }),
      headers: { host: HOST },
    })
    expect(await outcome(auth.fetch(elsewhere))).toBe('421 unknown_host')
    expect(await newMails()).toEqual([])
    for (const host of [HOST, `${HOST}:443`, HOST.toUpperCase()]) {
      const answer = send(auth, 'POST', '/reset_password', { form: { email: VICTIM }, headers: { host } })
      expect(await outcome(answer), host).toBe('200')
      for (const mail of await newMails()) leadsHome(mail, '/reset_password')
    }
  })

  it('is not changed by an absolute request line or a second Host header', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const library = await freshAuth(engine, { databaseUrl })
    await addMember(library)
    const smtp = await startSmtpServer()
    const { port } = await startService(databaseUrl, {
      env: {
        BIENVENUE_MODE: 'production',
        BASE_URL,
        BIENVENUE_SECRET_KEY: randomKey(),
        SMTP_URL: `smtp://127.0.0.1:${smtp.port}`,
        BIENVENUE_MAIL_FROM: 'no-reply@example.com',
        BIENVENUE_BREACH_CHECK_URL: 'off',
      },
    })
    const body = `email=${encodeURIComponent(VICTIM)}`
    const statusOf = async (target: string, ...headers: string[]) => {
      const socket = connect(port, '127.0.0.1')
      const head = [
        `POST ${target} HTTP/1.1`,
        ...headers,
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${body.length}`,
        'Connection: close',
      ]
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
      return Number((await text(socket)).split(' ', 2)[1])
    }
    const own = `Host: ${HOST}`
    for (const [target, ...headers] of [
      [`https://${EVIL}/reset_password`, own],
      [`http://${EVIL}/reset_password`, own],
      [`http://${HOST}@${EVIL}/reset_password`, own],
      ['/reset_password', `Host: ${EVIL}`],
      ['/reset_password', own, `Host: ${EVIL}`],
      ['/reset_password', `Host: ${EVIL}`, own],
      ['/reset_password', `Host: ${HOST}@${EVIL}`],
      ['/reset_password'],
      [`//${EVIL}/reset_password`, own],
      [`@${EVIL}/reset_password`, own],
      [`\\${EVIL}/reset_password`, own],
    ] as const)
      expect([400, 404, 421], `${target} ${headers}`).toContain(await statusOf(target, ...headers))

    const poison = Object.entries(POISON).map(([name, value]) => `${name}: ${value}`)
    expect(await statusOf('/reset_password', own, ...poison)).toBe(200)
    await until(() => smtp.received.length > 0)
    // The only mail, because the other requests were refused.
    expect(smtp.received.map(({ to }) => to)).toEqual([[VICTIM]])
    const { raw, mail } = smtp.received[0] ?? expect.unreachable()
    expect(raw).not.toContain(EVIL)
    expect(mail.text).toContain(`${BASE_URL}/reset_password#`)
    expect(await statusOf(`https://${HOST}/reset_password`, own)).toBe(200)
  })
})
