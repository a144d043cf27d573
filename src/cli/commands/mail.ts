import { randomUUID } from 'node:crypto'
import { visible } from '../../lib/visible.ts'
import { compose } from '../../mail/compose.ts'
import { AuthError, OptionError } from '../../model/errors.ts'
import { isEmailAddress, trimEmail } from '../../model/user.ts'
import { serviceNameOf } from '../../options/index.ts'
import { LOCALES } from '../../text/index.ts'
import type { Command } from '../command.ts'
import { jsonLine, print, printResult } from '../terminal.ts'
import { withService } from '../with-service.ts'

const test: Command = {
  name: 'mail test',
  summary: 'Send a test mail now',
  takes: 'TO',
  run: (input) =>
    withService(input, async ({ mailer, options }) => {
      const to = trimEmail(input.args[0] ?? '')
      if (!isEmailAddress(to)) throw new AuthError('invalid_email', { field: 'TO' })
      if (mailer === null) throw new OptionError('smtpUrl', 'is not set; set it to the mail server to test')
      await mailer.send({
        id: randomUUID(),
        to,
        ...compose({ kind: 'test' }, { service: serviceNameOf(options), locale: LOCALES[0] }),
      })
      return printResult(input.json, { sent: to }, `The mail server accepted a test mail to ${visible(to)}.`)
    }),
}

const queue: Command = {
  name: 'mail queue',
  summary: 'Show how many mails are waiting to be sent, and the errors of the mail server',
  run: (input) =>
    withService(input, async (auth) => {
      const [waiting, problems] = [await auth.delivery.count(), await auth.delivery.listProblems()]
      if (input.json) await print(jsonLine({ waiting, problems }))
      else {
        await print(`Mails waiting: ${waiting}`)
        for (const { problem, mails } of problems) await print(`  - ${mails}: ${visible(problem)}`)
      }
      return 0
    }),
}

export const mail: readonly Command[] = [test, queue]
