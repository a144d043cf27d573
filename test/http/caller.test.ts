/** The caller comes only from the transport. Fields of a request cannot change it. */
import { describe, expect, it } from 'vitest'
import { OPERATIONS } from '../../src/api/index.ts'
import type { SessionCaller } from '../../src/index.ts'
import { addMember, outcome, signIn } from '../attacks/support.ts'
import { CLIENT, NEW_PASSWORD, PASSWORD, productionAuth } from '../support/production.ts'
import { fieldsFor, send } from '../support/send.ts'

/** Fields by which a body would impersonate another caller. */
const FORGED = {
  ip: '203.0.113.66',
  userAgent: 'forged',
  user_agent: 'forged',
  requestId: 'forged',
  request_id: 'forged',
  acceptLanguage: 'fr',
  deviceToken: 'forged',
  sessionToken: 'forged',
  sessionId: 'forged',
  actor: 'operator',
  caller: 'forged',
  on_behalf_of: '1',
}

const VALUES: Readonly<Record<string, string>> = {
  email: 'bob@example.com',
  password: PASSWORD,
  current_password: PASSWORD,
  new_password: NEW_PASSWORD,
  reset_token: 'x',
  token: 'x',
}

describe('a field named like a property of the caller', () => {
  const withBody = OPERATIONS.filter(({ body }) => body?.def.catchall !== undefined)

  it.each(withBody)('is refused as unknown by $method $path', async (operation) => {
    const { method, path, body } = operation
    const { auth, db } = await productionAuth('sqlite')
    await addMember(auth, 'bob@example.com')
    const { sessionToken } = await signIn(auth, 'bob@example.com')
    const fields = Object.fromEntries(
      Object.keys(body?.shape ?? {}).map((name) => [name, VALUES[name] ?? 'x']),
    )
    const before = await db.selectFrom('audit').select('id').execute()
    for (const [name, value] of Object.entries(FORGED))
      expect(
        await outcome(
          send(auth, method, path, { ...fieldsFor(operation, { ...fields, [name]: value }), sessionToken }),
        ),
        name,
      ).toBe('400 unknown_field')
    expect(await db.selectFrom('audit').select('id').execute()).toEqual(before)
  })

  it('is ignored if a program passes it to the library', async () => {
    const { auth, now } = await productionAuth('sqlite')
    await addMember(auth, 'bob@example.com')
    const session = await auth.signIn.withPassword({ email: 'bob@example.com', password: PASSWORD })
    const caller: SessionCaller = { ...CLIENT, sessionToken: session.sessionToken }
    const forged = { ...FORGED, actor: { kind: 'operator', id: 'mallory' } }
    const acts: Record<string, () => Promise<unknown>> = {
      signUp: () =>
        auth.account.register({ email: 'new@example.com', password: PASSWORD, ...forged }, CLIENT),
      logIn: () =>
        auth.signIn.withPassword({ email: 'bob@example.com', password: PASSWORD, ...forged }, CLIENT),
      'logIn, wrong': () =>
        auth.signIn.withPassword({ email: 'bob@example.com', password: 'x', ...forged }, CLIENT),
      sendPasswordReset: () =>
        auth.account.requestPasswordReset({ email: 'bob@example.com', ...forged }, CLIENT),
      requestConfirmation: () =>
        auth.account.requestConfirmation({ email: 'bob@example.com', ...forged }, CLIENT),
      reauthenticate: () => auth.signIn.reauthenticate({ password: 'x', ...forged }, caller),
      requestEmailChange: () => auth.account.changeEmail({ email: 'b@example.com', ...forged }, caller),
      changePassword: () =>
        auth.account.changePassword(
          { currentPassword: PASSWORD, newPassword: NEW_PASSWORD, ...forged },
          caller,
        ),
    }
    for (const [name, act] of Object.entries(acts)) {
      // Audit records with equal times have no defined order.
      now.advance(1)
      await act().catch(() => {})
      const { value: line } = await auth.audit.list().next()
      expect(line, name).toMatchObject(CLIENT)
      expect(line?.actor, name).toMatch(/^(?:anonymous|user)$/)
      expect(line?.actorId, name).toBe(line?.actor === 'user' ? String(line.userId) : null)
    }
  })
})

it('a caller that is not an object is refused, so that a token in its place is not ignored', async () => {
  const { auth } = await productionAuth('sqlite')
  await addMember(auth, 'bob@example.com')
  const { sessionToken } = await auth.signIn.withPassword({ email: 'bob@example.com', password: PASSWORD })
  await expect(auth.sessions.signOut(sessionToken as never)).rejects.toThrow(TypeError)
  expect(await auth.getUserFromSessionId(sessionToken)).not.toBeNull()
})

describe('the audit log', () => {
  it('records the actor: the user, the operator that the caller names, or an anonymous client', async () => {
    const { auth, now } = await productionAuth('sqlite')
    const { id } = await addMember(auth, 'bob@example.com')
    const acts = [
      () => auth.users.disable(id),
      () => auth.users.enable(id, { actor: { kind: 'operator', id: 'alice' } }),
      () => auth.signIn.withPassword({ email: 'bob@example.com', password: 'wrong' }).catch(() => {}),
      async () => {
        const { sessionToken } = await auth.signIn.withPassword({
          email: 'bob@example.com',
          password: PASSWORD,
        })
        now.advance(1)
        await auth.sessions.signOut({ sessionToken })
      },
    ]
    for (const act of acts) {
      // Audit records with equal times have no defined order.
      now.advance(1)
      await act()
    }
    const lines = await Array.fromAsync(auth.audit.list())
    const actors = lines.map(({ action, actor, actorId, onBehalfOf }) => [action, actor, actorId, onBehalfOf])
    expect(actors.toReversed()).toEqual([
      ['register', 'operator', null, null],
      ['disable_account', 'operator', null, null],
      ['enable_account', 'operator', 'alice', null],
      ['login', 'anonymous', null, null],
      ['login', 'user', String(id), null],
      ['logout', 'user', String(id), null],
    ])
  })
})
