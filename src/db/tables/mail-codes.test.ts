import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { migratedDatabase } from '../../../test/support/engines.ts'
import { openTables, until } from '../../../test/support/production.ts'
import { uuidV7 } from '../../lib/random.ts'
import { deleteMailCodesOf, type MailCode, reserveMailCode } from './mail-codes.ts'

it('deletes the rows of a user in the order in which a registration reserves them, so that they cannot deadlock', async () => {
  const db = await openTables(await migratedDatabase('postgres'))
  const user = {
    normalized_email: 'bob@example.com',
    email: 'bob@example.com',
    hashed_password: '-',
    created_at: 0,
    password_version: 0,
  }
  const { id: userId } = await db.insertInto('users').values(user).returning('id').executeTakeFirstOrThrow()
  const rowFor = (purpose: MailCode['purpose'], owner: number | null) => ({
    id: uuidV7(new Date(0)),
    userId: owner,
    email: 'bob@example.com',
    purpose,
    browserHash: new Uint8Array(32),
    expiresAt: new Date(0),
  })
  // The other order on disk.
  for (const purpose of ['registration', 'confirm_email'] as const)
    await db.transaction().execute((tx) => reserveMailCode(tx, rowFor(purpose, userId)))
  const registering = await db.startTransaction().execute()
  onTestFinished(
    () =>
      void registering
        .rollback()
        .execute()
        .catch(() => {}),
  )
  await reserveMailCode(registering, rowFor('confirm_email', null))
  const deleting = db.transaction().execute((tx) => deleteMailCodesOf(tx, userId))
  await until(async () => {
    const { rows } =
      await sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`.execute(
        db,
      )
    return rows.length > 0
  })
  await reserveMailCode(registering, rowFor('registration', null))
  await registering.commit().execute()
  await deleting
  const rows = await db.selectFrom('mail_codes').select(['purpose', 'user_id']).orderBy('purpose').execute()
  expect(rows).toEqual([
    { purpose: 'confirm_email', user_id: null },
    { purpose: 'registration', user_id: null },
  ])
})
