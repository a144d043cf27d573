/** Requirements on passwords that no test beside the sources proves completely. */
import { expect, it } from 'vitest'
import { OPERATIONS } from '../../src/api/index.ts'
import { freshAuth, onEachEngine, watchedHasher } from '../support/engines.ts'
import { askReset, tablesOf } from '../support/security.ts'
import { send } from '../support/send.ts'

onEachEngine('passwords', (engine) => {
  it('are accepted at full length up to 1,024 bytes, and refused without hashing above that, as documented [PW-02]', async () => {
    const seen: string[] = []
    const hasher = watchedHasher((_, password) => void seen.push(password))
    const auth = await freshAuth(engine, { hasher, throttle: false })
    const statuses = async (requests: [method: string, path: string, fields: Record<string, string>][]) => {
      const answers = requests.map(([method, path, fields]) => send(auth, method, path, { form: fields }))
      return (await Promise.all(answers)).map(({ status }) => status)
    }
    for (const [index, password] of ['é😀'.repeat(32), '😀'.repeat(256), 'x'.repeat(1_024)].entries()) {
      const email = `${index}@example.com`
      expect(await statuses([['POST', '/users', { email, password }]])).toEqual([200])
      const shorter = [...password].slice(0, -1).join('')
      const logins = async () =>
        statuses([password, shorter].map((each) => ['POST', '/sessions', { email, password: each }]))
      expect(await logins()).toEqual([200, 401])
      const reset = { email, reset_token: await askReset(auth, email), new_password: `${shorter}y` }
      expect(await statuses([['PUT', '/reset_password', reset]])).toEqual([200])
      const again = { email, reset_token: await askReset(auth, email), new_password: password }
      expect(await statuses([['PUT', '/reset_password', again]])).toEqual([200])
      expect(await logins()).toEqual([200, 401])
    }

    const email = '0@example.com'
    const resetToken = await askReset(auth, email)
    seen.length = 0
    for (const password of ['x'.repeat(1_025), '😀'.repeat(257), 'x'.repeat(10_000)]) {
      for (const [method, path, fields, field = 'password'] of [
        ['POST', '/users', { email: 'new@example.com', password }],
        ['POST', '/sessions', { email, password }],
        ['POST', '/sessions', { email: 'nobody@example.com', password }],
        [
          'PUT',
          '/reset_password',
          { email, reset_token: resetToken, new_password: password },
          'new_password',
        ],
      ] as const) {
        const refused = await send(auth, method, path, { form: fields })
        const body = { code: 'password_too_long', field, max_bytes: 1_024 }
        expect([refused.status, await refused.json()]).toMatchObject([400, body])
      }
      const invalid = { code: 'password_too_long' }
      await expect(auth.hashPassword(password)).rejects.toMatchObject(invalid)
      await expect(auth.registerUser('new@example.com', password)).rejects.toMatchObject(invalid)
      await expect(auth.signIn.withPassword({ email, password })).rejects.toMatchObject(invalid)
      await expect(auth.updatePassword(resetToken, password)).rejects.toMatchObject(invalid)
      expect(await auth.validLogin(email, password)).toBe(false)
    }
    expect(seen).toEqual([])
    const limits: string[] = []
    JSON.parse(await (await send(auth, 'GET', '/openapi.json')).text(), (name, value) => {
      // In the factors of an account, this field says whether there is a password.
      const isText = typeof value === 'object' && value.type === 'string'
      if (/^(?:\w+_)?password$/.test(name) && isText) limits.push(value.description)
      return value
    })
    expect(limits.length).toBeGreaterThan(5)
    for (const limit of limits) expect(limit).toContain('1,024 bytes')
  })

  it('have no hints and no security questions: no such column, field or route exists [PW-10]', async () => {
    const db = await tablesOf(await freshAuth(engine))
    const tables = await db.introspection.getTables()
    const names = [
      ...tables.flatMap(({ name, columns }) => [name, ...columns.map((column) => column.name)]),
      ...OPERATIONS.flatMap(({ path, id, body, success }) => [
        path,
        id,
        ...Object.keys(body?.shape ?? {}),
        ...Object.keys((success.body as { shape?: object } | undefined)?.shape ?? {}),
      ]),
    ]
    for (const known of ['hashed_password', 'user_agent', '/reset_password', 'new_password', 'reset_token'])
      expect(names).toContain(known)
    const asked = /hint|question|answer|remind|clue|maiden|birth|pet|school|security|memorable/i
    expect(names.filter((name) => asked.test(name))).toEqual([])
  })
})
