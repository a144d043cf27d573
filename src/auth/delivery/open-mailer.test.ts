import { expect, it } from 'vitest'
import { memoryMailer } from '../../../test/support/production.ts'
import type { Mail } from '../../mail/index.ts'
import { withFirstMail } from './open-mailer.ts'

it('opens the mailer again with the next mail if it could not be opened, and closes quietly', async () => {
  const opened = memoryMailer()
  const failures = [new Error('the package is missing')]
  const mailer = withFirstMail(async () => {
    const failure = failures.pop()
    if (failure !== undefined) throw failure
    return opened
  })
  const mail = { to: 'bob@example.com', kind: 'test' } as Mail
  await expect(mailer.send(mail)).rejects.toThrow('the package is missing')
  await mailer.close?.()
  await mailer.send(mail)
  expect(opened.mails).toMatchObject([mail])
})
