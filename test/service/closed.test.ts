/** Calls of the library after `auth.close()`. */
import { expect, it } from 'vitest'
import { freshAuth, onBothEngines } from '../support/engines.ts'
import { ALICE, BOB } from '../support/story.ts'

onBothEngines('a closed service', (engine) => {
  it.each([true, false])(
    'refuses every kind of call as unavailable, with sessions checked before: %s',
    async (isUsed) => {
      const auth = await freshAuth(engine)
      await auth.account.register({ email: BOB, password: 'b4l0u' })
      const sessionToken = await auth.createSession(BOB)
      if (isUsed) await auth.sessions.current({ sessionToken })
      await auth.close()
      for (const call of [
        () => auth.sessions.current({ sessionToken }),
        () => auth.getSession({ headers: { authorization: `Bearer ${sessionToken}` } }),
        () => auth.signIn.withPassword({ email: BOB, password: 'b4l0u' }),
        () => auth.users.create({ email: ALICE, password: 'b4l0u' }),
        () => auth.users.list().next(),
        () => auth.users.endEverySession(),
        () => auth.deleteExpired(),
      ])
        await expect(call(), `${call}`).rejects.toMatchObject({ code: 'unavailable' })
    },
  )
})
