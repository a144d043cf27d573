import { expect, it } from 'vitest'
import { onEachEngine } from '../../../test/support/engines.ts'
import { PASSWORD, productionAuth } from '../../../test/support/production.ts'

/** More than fit in one transaction. */
const SESSIONS = 5_002
const USERS = 40
/** The values of SQLite's statements are limited. */
const ROWS_AT_ONCE = 1_000

onEachEngine('users.endEverySession', (engine) => {
  it('ends more sessions than fit in one transaction, and records how many each one ended', async () => {
    const { auth, db, now } = await productionAuth(engine)
    const users: number[] = []
    for (let n = 0; n < USERS; n++) {
      const { id } = await auth.users.create({
        email: `user-${n}@example.com`,
        password: PASSWORD,
        confirmed: true,
      })
      users.push(id)
    }
    const at = now().getTime()
    const rows = Array.from({ length: SESSIONS }, (_, index) => ({
      id: auth.generateUuid(),
      user_id: users[index % USERS] as number,
      secret_hash: Buffer.alloc(32),
      created_at: at,
      authenticated_at: at,
      last_seen_at: at,
      expires_at: at + 1_000,
      amr: 'pwd',
      aal: 1,
      transport: 'cookie',
      persistent: 1,
    }))
    for (let from = 0; from < SESSIONS; from += ROWS_AT_ONCE)
      await db
        .insertInto('sessions')
        .values(rows.slice(from, from + ROWS_AT_ONCE))
        .execute()
    await db
      .updateTable('users')
      .set({ session_id: rows[0]?.id ?? null })
      .where('id', '=', users[0] as number)
      .execute()

    expect(await auth.users.endEverySession()).toBe(SESSIONS)

    expect(await db.selectFrom('sessions').select('id').execute()).toEqual([])
    const pointing = db.selectFrom('users').select('id').where('session_id', 'is not', null)
    expect(await pointing.execute()).toEqual([])
    const records = await Array.fromAsync(auth.audit.list({ action: 'end_all_sessions' }))
    expect(records.map(({ details }) => details.ended)).toEqual([2, 5_000])
  })
})
