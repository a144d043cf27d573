import { expect } from 'vitest'
import * as account from '../../src/auth/account/index.ts'
import { createAccount } from '../../src/auth/account/new-account.ts'
import { withPassword } from '../../src/auth/sign-in/index.ts'
import { linkIn, type MemoryMailer, PASSWORD, type TestContext } from './production.ts'
import { sender } from './sender.ts'
import { signedIn } from './signed-in.ts'

export const BOB = 'bob@example.com'
export const THIEF = 'thief@example.net'

/** A thief who knows Bob's password. */
export async function startTakeover(ctx: TestContext, mailer: MemoryMailer) {
  await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
  const { all } = sender(ctx, mailer)
  return {
    all,
    /** The kinds of mail sent to an address, in order. */
    kindsTo: (to = BOB) => mailer.mails.filter((mail) => mail.to === to).map(({ kind }) => kind),
    signIn: async (password = PASSWORD) =>
      signedIn(await withPassword(ctx, { email: BOB, password }, { ip: '203.0.113.9', userAgent: 'curl' }))
        .sessionToken,
    async takeAddress(sessionToken: string) {
      await account.changeEmail(ctx, { email: THIEF }, { sessionToken })
      await all()
      const link = mailer.mails.findLast(({ to }) => to === THIEF) ?? expect.unreachable()
      await account.confirmEmail(ctx, { token: linkIn(link).token, password: PASSWORD }, {})
    },
  }
}
