import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { freshDatabase } from '../test/support/engines.ts'
import { openDatabase } from './db/open.ts'
import { describeError } from './log.ts'

it('an error is logged with its class, code and stack, and without its message, which can quote a value [AUD-03]', async () => {
  const db = await openDatabase(await freshDatabase('postgres'))
  onTestFinished(() => db.destroy())
  const secret = 'correct horse battery staple'
  const error = await sql`select ${secret}::integer`.execute(db).catch((reason: unknown) => reason)
  expect((error as Error).message).toContain(secret)
  const described = describeError(error)
  expect(described).toMatchObject({ type: 'error', code: '22P02', stack: expect.any(Array) })
  expect(JSON.stringify(described)).not.toContain(secret)
  expect(describeError(new TypeError(secret))).toMatchObject({ type: 'TypeError', code: null })
  expect(describeError(secret)).toEqual({ type: 'string' })
})
