import { expect, it, onTestFinished } from 'vitest'
import { migratedDatabase, testClock } from '../../../test/support/engines.ts'
import { openTables, PASSWORD, randomKey } from '../../../test/support/production.ts'
import { signedIn } from '../../../test/support/signed-in.ts'
import { decodeBase32 } from '../../lib/base32.ts'
import { totpCode, totpStep } from '../../lib/totp.ts'
import { openAuthService } from '../index.ts'

it('recovery codes are hashed with argon2id of their own cost, where passwords are hashed with bcrypt [RCV-01]', async () => {
  const [databaseUrl, now] = [await migratedDatabase('sqlite'), testClock()]
  // Without the cheap hasher of other tests.
  const auth = await openAuthService({ databaseUrl, secretKey: randomKey(), bcryptCost: 10, now })
  onTestFinished(() => auth.close())
  const email = 'alice@example.com'
  await auth.registerUser(email, PASSWORD)
  const { sessionToken } = signedIn(await auth.signIn.withPassword({ email, password: PASSWORD }))
  const { secret } = await auth.factors.startTotp({ sessionToken })
  const code = totpCode(decodeBase32(secret) ?? expect.unreachable(), totpStep(now()))
  const { recoveryCodes } = await auth.factors.confirmTotp({ code }, { sessionToken })
  expect(recoveryCodes).toHaveLength(10)
  const db = await openTables(databaseUrl)
  const codes = await db.selectFrom('recovery_codes').select('code_hash').execute()
  const users = await db.selectFrom('users').select('hashed_password').execute()
  expect(users[0]?.hashed_password).toMatch(/^\$2b\$10\$/)
  expect(new Set(codes.map(({ code_hash }) => code_hash)).size).toBe(10)
  for (const { code_hash } of codes) expect(code_hash).toMatch(/^\$argon2id\$v=19\$m=7168,t=5,p=1\$/)
})
