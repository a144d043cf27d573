/** Mail to a user, and the address that it goes to. */
import type { AuthService } from '../../../auth/index.ts'
import { visible } from '../../../lib/visible.ts'
import { MaintenanceError } from '../../../model/errors.ts'
import { trimEmail } from '../../../model/user.ts'
import type { Command, CommandInput, ExitCode } from '../../command.ts'
import { operator } from '../../operator.ts'
import { printResult } from '../../terminal.ts'
import { findUser, withUser } from '../../with-service.ts'

export const sendReset: Command = {
  name: 'users send-reset',
  summary: 'Mail a link for setting a new password; the running service sends it',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      if (!(await auth.users.sendPasswordReset(user.id, operator())))
        throw await cannotGetMail(auth, user.email)
      return reportMail(input, 'reset_password', user.email)
    }),
}

export const resend: Command = {
  name: 'users resend-confirmation',
  summary: 'Mail the confirmation link again; the running service sends it',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      if (!(await auth.users.sendConfirmation(user.id, operator())))
        throw await cannotGetMail(auth, user.email)
      return reportMail(input, 'verify_email', user.email)
    }),
}

export const setEmail: Command = {
  name: 'users set-email',
  summary: 'Change the address of an account, once the new address is confirmed',
  takes: 'EMAIL NEW',
  flags: {
    confirmed: {
      type: 'boolean',
      help: 'Vouch for the new address: change it now, end all sessions and notify the old address',
    },
  },
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      const [, email = ''] = input.args
      const isConfirmed = input.flags.confirmed === true
      if (!(await auth.users.setEmail(user.id, { email, confirmed: isConfirmed }, operator())))
        throw await cannotGetMail(auth, user.email)
      if (!isConfirmed) return reportMail(input, 'confirm_new_email', trimEmail(email))
      return printResult(
        input.json,
        { id: user.id, email: trimEmail(email) },
        `The address of user ${user.id} is now ${visible(trimEmail(email))}. All sessions of the user have ended.`,
      )
    }),
}

/** The purpose of the link in each mail. */
const MAILS = {
  reset_password: 'sets a new password',
  verify_email: 'confirms the address',
  confirm_new_email:
    'confirms the address. The address changes once the user opens the link and enters the password',
}

async function reportMail({ json }: CommandInput, kind: keyof typeof MAILS, to: string): Promise<ExitCode> {
  return printResult(
    json,
    { queued: kind, to },
    `The running service will send ${visible(to)} a link that ${MAILS[kind]}.`,
  )
}

/**
 * Why an account cannot get a mail. Reads the account again, because it may have changed since the command found it.
 *
 * @throws {AuthError} `unknown_email`: the account was deleted, or has another address.
 */
export async function cannotGetMail(auth: AuthService, email: string): Promise<MaintenanceError> {
  const { user } = await findUser(auth, email)
  return new MaintenanceError(
    user.disabledAt === null
      ? `${user.email} is already confirmed.`
      : `${user.email} is disabled. Enable the account first: bienvenue users enable EMAIL`,
  )
}
