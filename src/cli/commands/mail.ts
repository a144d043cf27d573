import { randomUUID } from 'node:crypto'
import { AuthError, OptionError } from '../../errors.ts'
import { visible } from '../../lib/visible.ts'
import { compose } from '../../mail/compose.ts'
import { LOCALES } from '../../text/index.ts'
import { isEmailAddress, trimEmail } from '../../user.ts'
import type { Command } from '../command.ts'
import { print } from '../terminal.ts'
import { withService } from './users.ts'

const test: Command = {
  name: 'mail test',
  summary: 'Send a mail now, to see that mail goes out',
  takes: 'TO',
  run: (input) =>
    withService(input, async ({ mailer, options }) => {
      const to = trimEmail(input.args[0] ?? '')
      if (!isEmailAddress(to)) throw new AuthError('invalid_email', { field: 'TO' })
      if (mailer === null) throw new OptionError('smtpUrl', 'is not set: there is no mail server to try')
      const service = URL.parse(options.baseUrl)?.host ?? 'Bienvenue'
      await mailer.send({
        id: randomUUID(),
        to,
        ...compose({ kind: 'test' }, { service, locale: LOCALES[0] }),
      })
      await print(
        input.json ? JSON.stringify({ sent: to }) : `The mail server took a mail to ${visible(to)}.`,
      )
      return 0
    }),
}

const queue: Command = {
  name: 'mail queue',
  summary: 'Say how many mails wait to be sent, and what the mail server said to them',
  run: (input) =>
    withService(input, async (auth) => {
      const [waiting, problems] = [await auth.delivery.count(), await auth.delivery.listProblems()]
      if (input.json) await print(JSON.stringify({ waiting, problems }))
      else {
        await print(`Mails that wait: ${waiting}.`)
        for (const { problem, mails } of problems) await print(`  - ${mails}: ${visible(problem)}`)
      }
      return 0
    }),
}

export const mail: readonly Command[] = [test, queue]
