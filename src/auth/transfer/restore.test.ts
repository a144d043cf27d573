import { expect, it } from 'vitest'
import { onBothEngines } from '../../../test/support/engines.ts'
import { accountWithFactors, beginSignIn, codeOf } from '../../../test/support/factored-account.ts'

onBothEngines('transfer.finishRestore', (engine) => {
  it('ends sign-ins that wait for a second factor, unless sessions are to be kept', async () => {
    const bob = await accountWithFactors(engine)
    const { auth, secret, now } = bob
    for (const keepSessions of [true, false]) {
      const { loginToken } = await beginSignIn(bob)
      await auth.transfer.finishRestore({ keepSessions })
      const finished = auth.signIn.withTotp({ code: codeOf(secret, now()) }, { loginToken })
      if (keepSessions) expect(await finished).toMatchObject({ next: 'signed_in' })
      else await expect(finished).rejects.toMatchObject({ code: 'pending_login_required' })
      now.advance(60)
    }
  })
})
