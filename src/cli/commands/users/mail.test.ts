import { describe, expect, it } from 'vitest'
import { freshAuth } from '../../../../test/support/engines.ts'
import { cannotGetMail } from './mail.ts'

const BOB = 'bob@example.com'

describe('the reason why an account cannot get a mail', () => {
  it('is that of the account now, if it was deleted or disabled since the command found it', async () => {
    const auth = await freshAuth('sqlite')
    const { id } = await auth.users.create({ email: BOB, password: 'b4l0u', confirmed: true })
    expect((await cannotGetMail(auth, BOB)).message).toBe(`${BOB} is already confirmed.`)
    await auth.users.disable(id)
    expect((await cannotGetMail(auth, BOB)).message).toMatch(/ is disabled\. Enable the account first/)
    await auth.users.delete(id)
    await expect(cannotGetMail(auth, BOB)).rejects.toMatchObject({ code: 'unknown_email' })
  })
})
