import { expect, it } from 'vitest'
import { onBothEngines } from '../../../test/support/engines.ts'
import { everyRow, PASSWORD, productionContext } from '../../../test/support/production.ts'
import { asOperator, UNKNOWN_CALLER } from '../caller.ts'
import { inTransaction } from '../context.ts'
import { withPassword } from '../sign-in/with-password.ts'
import { create } from '../users/create.ts'
import { changeEmail } from './email-change.ts'
import { requestPasswordReset } from './password-reset.ts'
import { removeAccount } from './removal.ts'

const BOB = 'bob@example.com'

onBothEngines('the removal of an account', (engine) => {
  it('deletes its waiting mail with links, and keeps its notices [DAT-03]', async () => {
    const ctx = await productionContext(engine)
    const { id } = await create(ctx, { email: BOB, password: PASSWORD, confirmed: true })
    await requestPasswordReset(ctx, { email: BOB })
    const { sessionToken } = await withPassword(ctx, { email: BOB, password: PASSWORD })
    await changeEmail(ctx, { email: 'robert@example.com' }, { sessionToken })
    const waiting = async () =>
      ((await everyRow(ctx.db)).outbox ?? []).map((row) => JSON.parse(String(row)).kind).sort()
    const notices = ['email_change_requested', 'new_device']
    expect(await waiting()).toEqual(['confirm_new_email', ...notices, 'reset_password'])
    expect(await inTransaction(ctx, (tx) => removeAccount(tx, id, asOperator(UNKNOWN_CALLER)))).toBe(true)
    expect(await waiting()).toEqual(notices)
  })
})
