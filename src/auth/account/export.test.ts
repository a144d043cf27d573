import { expect, it } from 'vitest'
import { onEachEngine } from '../../../test/support/engines.ts'
import { CLIENT, everyRow, PASSWORD, productionAuth } from '../../../test/support/production.ts'
import { send } from '../../../test/support/send.ts'
import { newSession, signedIn, signInNewUser } from '../../../test/support/signed-in.ts'

const BOB = 'bob@example.com'
const ROB = 'rob@example.com'

onEachEngine('the export of an account', (engine) => {
  it('contains what is stored about it, without secrets or hashes', async () => {
    const production = await productionAuth(engine)
    const { auth, db, now, mailedLink, newMails } = production
    const { id, sessionToken } = await signInNewUser(production)
    const privateMetadata = { note: 'private to the application' }
    await auth.users.update(id, { name: 'Bob', metadata: { plan: 'pro' }, privateMetadata })
    await auth.users.create({ email: ROB, password: PASSWORD, confirmed: true })
    await newSession(auth, ROB)
    await auth.account.requestPasswordReset({ email: BOB }, CLIENT)
    const reset = await mailedLink('reset_password')
    const device = signedIn(await auth.signIn.withPassword({ email: BOB, password: PASSWORD }, CLIENT))
    await newMails()

    const exported = await auth.account.export({ sessionToken, ...CLIENT })
    expect(exported.account).toEqual({
      id,
      email: BOB,
      createdAt: now(),
      disabledAt: null,
      emailVerifiedAt: now(),
      locale: null,
      name: 'Bob',
      picture: null,
      metadata: { plan: 'pro' },
      passwordCompromisedAt: null,
    })
    expect(exported.sessions).toHaveLength(2)
    expect(exported.audit.map(({ action }) => action).sort()).toEqual(
      ['register', 'login', 'update_profile', 'request_password_reset', 'login', 'export_account'].sort(),
    )
    const response = await send(auth, 'POST', '/profile/export', { sessionToken })
    const bodies = [JSON.stringify(exported), await response.text()]
    const { hashedPassword } = await auth.db.findUserBy({ id })
    const rows = await everyRow(db)
    const hashes = [...(rows.sessions ?? []), ...(rows.tokens ?? [])].map(
      (row) => JSON.parse(String(row)).secret_hash as string,
    )
    expect(hashes).toHaveLength(4)
    const secrets = [
      hashedPassword,
      PASSWORD,
      ...[sessionToken, device.sessionToken, reset.token].map((token) => token.slice(37)),
      ...hashes,
      ...hashes.map((hash) => Buffer.from(hash, 'hex').toString('base64')),
      device.deviceToken ?? '',
      ROB,
      privateMetadata.note,
    ]
    for (const body of bodies) for (const secret of secrets) expect(body).not.toContain(secret)
  })
})
