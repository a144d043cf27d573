import { expect, it } from 'vitest'
import type { ComposedMail, Mail } from './index.ts'
import { openTerminalMailer } from './terminal.ts'

const MAIL: Mail = {
  id: '019aa65e-1c00-7abc-8def-0123456789ab',
  to: 'alice@example.com',
  subject: 'Hello',
  text: 'First line\n\nhttps://auth.example.com/verify#token\n',
  html: '<p>not shown</p>',
  language: 'en',
  kind: 'test',
  url: null,
  token: null,
  code: null,
  data: {},
}

async function shown(mail: Partial<ComposedMail> = {}): Promise<string> {
  const written: string[] = []
  const mailer = openTerminalMailer((text) => written.push(text))
  await mailer.send({ ...MAIL, ...mail })
  mailer.close()
  return written.join('')
}

it('shows the recipient, the subject and the text, with the link on one line', async () => {
  const lines = (await shown()).split('\n')
  expect(lines.slice(1, -2)).toEqual([
    'To: alice@example.com',
    'Subject: Hello',
    '',
    'First line',
    '',
    'https://auth.example.com/verify#token',
  ])
})

it('shows non-ASCII letters unchanged', async () => {
  expect(await shown({ text: 'L’adresse est la vôtre\u00a0: été' })).toContain(
    'L’adresse est la vôtre\u00a0: été',
  )
})

it.each([
  ['to', 'a\r\nSubject: x'],
  ['subject', 'x\nTo: y'],
  ['subject', '\u001b]0;title\u0007'],
  ['text', '\u001b[2Jgone'],
  ['text', 'over\rwritten'],
  ['text', 'turned \u202e around'],
  ['text', 'back\b\b\b\bspace'],
])('escapes control and formatting characters in %s: %j', async (field, value) => {
  const output = await shown({ [field]: value })
  expect(output.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
  expect(output).toMatch(/\\u\{[\da-f]+\}/)
  expect(output.split('\n').filter((line) => /^(?:To|Subject):/.test(line))).toHaveLength(2)
})
