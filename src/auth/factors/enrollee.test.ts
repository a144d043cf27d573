import { expect, it } from 'vitest'
import { PASSWORD, productionContext } from '../../../test/support/production.ts'
import * as store from '../../db/index.ts'
import { createAccount } from '../account/new-account.ts'
import { firstStop } from '../sign-in/gates.ts'
import { amrOfPasskey, combined } from './proven.ts'

/** What a sign-in can have proven when it waits for the set-up of a factor. */
const BEFORE = [['pwd'], ['fed'], combined(['pwd'], ['otp']), combined(['fed'], ['otp'])]
const APP = ['otp']
const PASSKEYS = [true, false].flatMap((backupEligible) =>
  [true, false].map((userVerified) => amrOfPasskey({ backupEligible, userVerified })),
)

it.each([
  ['off', [APP, ...PASSKEYS]],
  ['optional', [APP, ...PASSKEYS]],
  ['required', [APP, ...PASSKEYS]],
  // An app is refused before it is stored.
  ['passkey', PASSKEYS],
] as const)(
  'a new factor finishes the sign-in that waited for it under the policy %s, so that its recovery codes are shown',
  async (secondFactor, factors) => {
    const ctx = await productionContext('sqlite', { secondFactor })
    const { id } = await createAccount(
      ctx,
      { email: 'bob@example.com', password: PASSWORD, confirmed: true },
      {},
    )
    const user = (await store.findUserById(ctx.db, id)) ?? expect.unreachable()
    for (const before of BEFORE)
      for (const added of factors) {
        const amr = combined(before, added)
        expect(await firstStop(ctx, { user, method: 'password', amr }), amr.join(' ')).toBeNull()
      }
  },
)
