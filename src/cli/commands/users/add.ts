import { visible } from '../../../lib/visible.ts'
import { resolveOptions } from '../../../options/index.ts'
import { type Command, type CommandInput, type ExitCode, UsageError } from '../../command.ts'
import { operator } from '../../operator.ts'
import { hint, printResult, readNewPassword } from '../../terminal.ts'
import { withService } from '../../with-service.ts'
import { shown } from './shown.ts'

export const add: Command = {
  name: 'users add',
  summary: 'Add a user; prompts for the password, or mails a link that sets it',
  takes: 'EMAIL',
  flags: {
    'send-link': {
      type: 'boolean',
      help: 'Mail the user a link that sets the password, so that only they know it; the running service sends it',
    },
    'password-stdin': { type: 'boolean', help: 'Read the password from standard input' },
  },
  async run(input) {
    const [email = ''] = input.args
    const fromStdin = input.flags['password-stdin'] === true
    if (input.flags['send-link'] === true) {
      if (fromStdin) throw new UsageError('Use either --send-link or --password-stdin, not both.')
      return addWithLink(input, email)
    }
    const { minPasswordLength, smtpUrl } = resolveOptions(input.settings.options)
    if (!fromStdin && smtpUrl !== '')
      hint('To add another person, use --send-link, so that only they know the password.')
    const password = await readNewPassword(fromStdin, minPasswordLength)
    return withService(
      input,
      async (auth) => {
        // The operator vouches for the address, so it needs no confirmation.
        const user = await auth.users.create({ email, password, confirmed: true }, operator())
        return printResult(input.json, shown(user), `Added ${visible(user.email)} as user ${user.id}.`)
      },
      { mayCreate: true },
    )
  },
}

/** Needs an existing database, because the service that sends the mail runs on it. */
function addWithLink(input: CommandInput, email: string): Promise<ExitCode> {
  return withService(input, async (auth) => {
    const user = await auth.users.create({ email, sendLink: true }, operator())
    const to = visible(user.email)
    return printResult(
      input.json,
      { ...shown(user), queued: 'set_password' },
      `Added ${to} as user ${user.id}. The running service will send ${to} a link that sets the password.`,
    )
  })
}
