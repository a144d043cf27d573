/** The use cases of operators and of embedding programs, providers, and background work. */
import { expect } from 'vitest'
import { ACCOUNT_STATES } from '../../../src/auth/index.ts'
import { cbor, SoftwareAuthenticator } from '../../support/authenticator.ts'
import { addPasskey, PASSKEY_BROWSER } from '../../support/factors.ts'
import { BASE_URL, PASSWORD } from '../../support/production.ts'
import { logoutTokenOf, PROVIDER, type Return } from '../../support/providers.ts'
import {
  type Drive,
  drain,
  linked,
  PROVIDERS,
  refused,
  SIZE,
  type Stage,
  visitor,
  waitingVisitor,
} from './stage.ts'

export const BY_OPERATORS: Readonly<Partial<Record<Drive, (stage: Stage) => Promise<unknown>>>> = {
  async 'users.find'({ engine, person, stranger }) {
    expect(await engine.users.find((await person()).email)).toMatchObject({ liveSessions: 2 })
    expect(await engine.users.find(stranger())).toBeNull()
  },
  'users.list': ({ engine }) => drain(engine.users.list()),
  'users.list, beyond an id': ({ engine }) => drain(engine.users.list({ afterId: SIZE / 2 })),
  async 'users.list, some'({ engine, now }) {
    await drain(engine.users.list({ email: 'user1', since: now(), afterId: 1 }))
    for (const state of ACCOUNT_STATES) await drain(engine.users.list({ state }))
  },
  async 'users.listSessions'({ engine, person }) {
    expect(await engine.users.listSessions((await person()).id)).toHaveLength(2)
  },
  async 'users.revokeFactors'({ engine, person }) {
    const { id } = await person()
    expect(await engine.users.revokeFactors(id, { totp: true, passkeys: true, recoveryCodes: true })).toBe(
      false,
    )
    const owner = await person()
    const { passkey } = await addPasskey(engine, owner)
    expect(await engine.users.revokeFactors(owner.id, { passkeys: [passkey.id] })).toBe(true)
  },
  async 'users.requireSecondFactor'({ engine, person }) {
    const { id } = await person()
    for (const required of [true, false])
      expect(await engine.users.requireSecondFactor(id, { required })).toBe(true)
  },
  'transfer.exportUsers': ({ engine }) => drain(engine.transfer.exportUsers({ withHashes: true })),
  async 'transfer.importUsers'({ engine, person, stranger }) {
    const lines = [
      { email: stranger() },
      { email: stranger(), id: 2_000_000 },
      { email: (await person()).email },
      {
        email: stranger(),
        totp_secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
        passkeys: [
          {
            credential_id: 'aW1wb3J0ZWQ',
            public_key: cbor(new SoftwareAuthenticator({ origin: BASE_URL }).publicKey()).toString(
              'base64url',
            ),
            algorithm: -7,
            discoverable: false,
            rp_id: 'auth.example.com',
            created_at: '2026-01-01T00:00:00Z',
          },
        ],
      },
    ]
    await drain(
      engine.transfer.importUsers(lines.map((line) => ({ fields: { ...line, hashed_password: '!' } }))),
    )
  },
  async 'users.disable'({ engine, person }) {
    const { id } = await person()
    expect(await engine.users.disable(id)).toBe(true)
    expect(await engine.users.enable(id)).toBe(true)
  },
  async 'users.enable'({ engine, person }) {
    expect(await engine.users.enable((await person()).id)).toBe(true)
  },
  async 'users.delete'({ engine, person }) {
    expect(await engine.users.delete((await person()).id)).toBe(true)
  },
  async 'users.confirmEmail'({ engine, person }) {
    expect(await engine.users.confirmEmail((await person()).id)).toBe(true)
  },
  async 'users.markPasswordCompromised'({ engine, person }) {
    expect(await engine.users.markPasswordCompromised((await person()).id)).toBe(true)
  },
  async 'users.unlock'({ engine, person }) {
    expect(await engine.users.unlock((await person()).id)).toBe(true)
  },
  async 'users.sendPasswordReset'({ engine, person }) {
    expect(await engine.users.sendPasswordReset((await person()).id)).toBe(true)
  },
  async 'users.sendConfirmation'({ engine, person, stranger }) {
    const { id } = await engine.registerUser(stranger(), PASSWORD)
    expect(await engine.users.sendConfirmation(id)).toBe(true)
    expect(await engine.users.sendConfirmation((await person()).id)).toBe(false)
  },
  async 'users.setEmail'({ engine, person, stranger }) {
    const { id } = await person()
    const taken = (await person()).email
    expect(await engine.users.setEmail(id, { email: stranger() })).toBe(true)
    expect(await engine.users.setEmail(id, { email: stranger(), confirmed: true })).toBe(true)
    await refused(engine.users.setEmail(id, { email: taken }))
    await refused(engine.users.setEmail(id, { email: taken, confirmed: true }))
  },
  async 'audit.list'({ engine }) {
    await drain(engine.audit.list())
    await drain(engine.audit.list({ action: 'logout' }))
  },
  async 'audit.list, of a user'({ engine, person }) {
    await drain(engine.audit.list({ userId: (await person()).id }))
  },
  async 'audit.list, since'({ engine, now }) {
    await drain(engine.audit.list({ action: 'logout', since: now() }))
  },
  async 'delivery.count'({ engine }) {
    expect(await engine.delivery.count()).toBeGreaterThan(SIZE - 1)
  },
  async 'delivery.listProblems'({ engine }) {
    await engine.delivery.listProblems()
  },
  async deleteExpired({ engine }) {
    const removed = await engine.deleteExpired()
    for (const what of ['sessions', 'tokens', 'throttles', 'accounts', 'mails', 'auditRecords'] as const)
      expect(removed[what], what).toBeGreaterThan(0)
  },
  async isReady({ engine }) {
    expect(await engine.isReady()).toBe(true)
  },
  async 'db.addUser'({ engine, stranger }) {
    await engine.db.addUser(stranger(), '!')
  },
  async 'db.findUserBy'({ engine }) {
    await refused(engine.db.findUserBy({ sessionId: 'x' }))
  },
  async 'db.findUserBy, indexed'({ engine, person }) {
    const { id, email } = await person()
    await engine.db.findUserBy({ id })
    await engine.db.findUserBy({ email, sessionId: 'x' }).catch(() => {})
  },
  async 'db.updateUser'({ engine, person, stranger }) {
    await engine.db.updateUser((await person()).id, { email: stranger(), resetToken: null })
  },
  async 'providers.add'({ engine }) {
    await engine.providers.add({ preset: 'google', clientId: 'x', clientSecret: 'y' })
  },
  async 'providers.replaceSecret'({ engine }) {
    expect(await engine.providers.replaceSecret({ id: 'google', clientSecret: 'z' })).toBe(true)
  },
  async 'providers.disable'({ engine }) {
    expect(await engine.providers.disable('google')).toBe(true)
  },
  async 'providers.enable'({ engine }) {
    expect(await engine.providers.enable('google')).toBe(true)
  },
  async 'providers.remove'({ engine }) {
    expect(await engine.providers.remove('google')).toBe(0)
  },
  async 'providers.check'(stage) {
    await visitor(stage)
    // It does not use the clock of the test.
    expect(await stage.engine.providers.check(PROVIDER)).toMatchObject({ problem: 'clock' })
  },
  async 'providers.startSignIn'(stage) {
    await visitor(stage)
  },
  async 'providers.completeSignIn'(stage) {
    const { engine } = stage
    // A new account, a known one, a taken address, and one that is not verified.
    const newcomer = { sub: 'newcomer', email: stage.stranger() }
    for (const person of [newcomer, newcomer])
      expect((await visitor(stage, person).then(come)).next).toBe('signed_in')
    const { email, sessionToken } = await stage.person()
    expect((await visitor(stage, { sub: 'taken', email }).then(come)).next).toBe('account_exists')
    const hidden = { sub: 'hidden', email_verified: false }
    expect((await visitor(stage, hidden).then(come)).next).toBe('address_required')
    // Her own identity, with which she also re-authenticates.
    await linked(stage, sessionToken, 'hers')
    const proven = await engine.providers.startReauthentication({ provider: PROVIDER }, { sessionToken })
    expect((await visitor(stage, { sub: 'hers' }, proven).then((to) => come(to, sessionToken))).next).toBe(
      'reauthenticated',
    )

    function come({ parameters, flowToken }: Return, sessionToken: string | null = null) {
      return engine.providers.completeSignIn({ provider: PROVIDER, parameters }, { sessionToken, flowToken })
    }
  },
  async 'providers.startReauthentication'(stage) {
    const { sessionToken } = await stage.person()
    await linked(stage, sessionToken, 'again')
    await stage.engine.providers.startReauthentication({ provider: PROVIDER }, { sessionToken })
  },
  async 'providers.waiting'(stage) {
    const caller = await waitingVisitor(stage, { sub: 'waits', email_verified: false })
    expect(await stage.engine.providers.waiting(caller)).toMatchObject({ next: 'address_required' })
  },
  async 'providers.connect'(stage) {
    const { email, sessionToken } = await stage.person()
    const caller = await waitingVisitor(stage, { sub: 'connects', email })
    await stage.engine.providers.connect({ ...caller, sessionToken })
  },
  async 'providers.enterAddress'(stage) {
    const caller = await waitingVisitor(stage, { sub: 'enters', email_verified: false })
    for (const email of [stage.stranger(), (await stage.person()).email])
      await stage.engine.providers.enterAddress({ email }, { ...caller, browserToken: PASSKEY_BROWSER })
  },
  async 'providers.endSessionsFrom'(stage) {
    const { engine, now } = stage
    const { parameters, flowToken } = await visitor(stage, { sub: 'leaves', email: stage.stranger() })
    await engine.providers.completeSignIn(
      { provider: PROVIDER, parameters },
      { sessionToken: null, flowToken },
    )
    const fake = (await PROVIDERS.get(engine)) ?? expect.unreachable()
    for (const whose of [{ sub: 'leaves' }, { sid: 'session-of-leaves' }]) {
      const logoutToken = await logoutTokenOf(fake, now, { jti: JSON.stringify(whose), ...whose })
      await engine.providers.endSessionsFrom({ provider: PROVIDER, logoutToken })
    }
  },
  async 'identities.link'(stage) {
    await linked(stage, (await stage.person()).sessionToken, 'links')
  },
  async 'identities.unlink'(stage) {
    const { engine } = stage
    const { sessionToken } = await stage.person()
    await linked(stage, sessionToken, 'unlinks')
    const [identity] = await engine.identities.list({ sessionToken })
    await engine.identities.unlink({ id: identity?.id ?? '' }, { sessionToken })
  },
  async 'sending mail'({ engine, attempts, sendUntil, stranger }) {
    // One is sent, one is given up, one is postponed.
    for (const name of ['good', 'full', 'slow']) {
      const email = `${name}.${stranger()}`
      await engine.registerUser(email, PASSWORD)
      await sendUntil(() => attempts.includes(email))
    }
  },
  async 'users.endEverySession'({ engine }) {
    expect(await engine.users.endEverySession()).toBeGreaterThan(SIZE / 2)
  },
  async 'secrets.reseal'({ engine }) {
    await engine.secrets.reseal()
  },
  async 'transfer.finishRestore'({ engine }) {
    await engine.transfer.finishRestore({ keepSessions: false })
  },
}
