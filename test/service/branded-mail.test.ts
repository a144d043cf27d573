/** Mails with the logo and the sentences of the operator, from the options to the mail server. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { CreateAuthOptions } from '../../src/index.ts'
import { plainAuth, VICTIM } from '../attacks/support.ts'
import { PASSWORD, until } from '../support/production.ts'
import { startSmtpServer } from '../support/smtp.ts'
import { temporaryFolder } from '../support/system.ts'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** Opens a service with a logo and a sentence, and asks for a mail that resets Bob's password. */
async function withBrand(options: CreateAuthOptions) {
  const folder = temporaryFolder()
  const [logo, texts] = [join(folder, 'logo.png'), join(folder, 'texts.json')]
  writeFileSync(logo, PNG)
  writeFileSync(texts, JSON.stringify({ en: { 'mail.reset_password.subject': 'New password at {service}' } }))
  const opened = await plainAuth('sqlite', { serviceName: 'Blue Bottle', logo, texts, ...options })
  const { auth } = opened
  await auth.users.create({ email: VICTIM, password: PASSWORD, confirmed: true })
  await auth.account.requestPasswordReset({ email: VICTIM }, { ip: '192.0.2.1' })
  return opened
}

it('a mail that the service sends over SMTP has the sentence and the logo', async () => {
  const server = await startSmtpServer()
  await withBrand({ smtpUrl: `smtp://127.0.0.1:${server.port}`, mailFrom: 'no-reply@example.com' })
  await until(() => server.received.length > 0)
  const [received] = server.received
  expect(received?.mail.subject).toBe('New password at Blue Bottle')
  expect(received?.mail.html).toContain('<img src="cid:logo@service"')
  expect(received?.mail.attachments).toMatchObject([{ contentId: '<logo@service>', mimeType: 'image/png' }])
})

it('a mail for the mailer of an application has the sentence, and the name in place of the logo', async () => {
  const { mails } = await withBrand({})
  const [mail, ...others] = await mails()
  expect(others).toEqual([])
  expect(mail?.subject).toBe('New password at Blue Bottle')
  expect(mail?.images).toBeUndefined()
  expect(mail?.html).toContain('>Blue Bottle</td>')
  expect(mail?.html).not.toContain('<img')
})
