/** A row in each table of second factors and of sign-in with other providers, for tests that move, delete or clean up rows. */

import type { Database } from '../../src/db/index.ts'
import * as store from '../../src/db/index.ts'

/** @param expiresAt - When what waits for the user expires. */
export async function addFactorRows(db: Database, userId: number, expiresAt: Date): Promise<void> {
  const at = new Date(expiresAt.getTime() - 600_000)
  const bytes = Buffer.alloc(32, 7)
  await db.transaction().execute(async (tx) => {
    await store.savePendingTotp(tx, userId, { sealedSecret: bytes, expiresAt })
    await store.replaceRecoveryCodes(
      tx,
      userId,
      [{ id: '019a3f5e-7c00-7000-8000-00000000000a', position: 3, codeHash: '$argon2id$sample' }],
      at,
    )
    await store.addPasskey(tx, {
      id: '019a3f5e-7c00-7000-8000-00000000000b',
      credentialId: 'c2FtcGxl',
      userId,
      publicKey: bytes,
      algorithm: -7,
      signCount: 0xff_ff_ff_ff,
      backupEligible: true,
      backedUp: false,
      userVerified: true,
      discoverable: true,
      transports: ['internal', 'hybrid'],
      aaguid: '00000000-0000-0000-0000-000000000000',
      rpId: 'localhost',
      name: 'Telephone of sample',
      createdAt: at,
      lastUsedAt: null,
    })
    const pending = {
      id: '019a3f5e-7c00-7000-8000-00000000000c',
      secretHash: bytes,
      userId,
      next: 'second_factor',
      method: 'password',
      amr: ['pwd'],
      passwordVersion: 1,
      persistent: true,
      transport: 'cookie',
      returnTo: null,
      noticeId: null,
      provider: null,
      createdAt: at,
      expiresAt,
    } as const
    await store.addPendingSignIn(tx, pending, 5)
    await store.addCeremony(tx, {
      id: '019a3f5e-7c00-7000-8000-00000000000d',
      challenge: bytes,
      purpose: 'step_up',
      userId,
      browserHash: bytes,
      expiresAt,
    })
    const provider = { providerId: 'sample', issuer: 'https://sample.example.com' }
    await store.addIdentity(tx, {
      ...provider,
      id: '019a3f5e-7c00-7000-8000-00000000000e',
      userId,
      subject: 'person of sample',
      email: 'alice.liddell@sample.example.com',
      emailVerified: true,
      createdAt: at,
      lastUsedAt: null,
    })
    const flow = {
      id: '019a3f5e-7c00-7000-8000-00000000000f',
      secretHash: bytes,
      providerId: 'sample',
      purpose: 'link',
      userId,
      sessionId: '019a3f5e-7c00-7000-8000-000000000010',
      persistent: true,
      returnTo: '/account/identities',
      expiresAt,
    } as const
    await store.addLoginFlow(tx, flow)
    const sessions = await tx.selectFrom('sessions').select('id').where('user_id', '=', userId).execute()
    for (const { id } of sessions)
      await store.addProviderSession(tx, id, { id: 'sample', sid: 'session of sample' })
  })
}
