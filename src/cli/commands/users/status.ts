/** What decides whether a user can sign in. */
import { visible } from '../../../lib/visible.ts'
import type { Command } from '../../command.ts'
import { operator } from '../../operator.ts'
import { confirmed, printResult, YES } from '../../terminal.ts'
import { withUser } from '../../with-service.ts'
import { report } from './shown.ts'

export const disable: Command = {
  name: 'users disable',
  summary: 'Disable an account and end its sessions',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      await auth.users.disable(user.id, operator())
      return report(input, 'disabled', user)
    }),
}

export const enable: Command = {
  name: 'users enable',
  summary: 'Enable a disabled account',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      await auth.users.enable(user.id, operator())
      return report(input, 'enabled', user)
    }),
}

export const confirm: Command = {
  name: 'users confirm',
  summary: 'Confirm the address of an account, as the link in the mail does',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      await auth.users.confirmEmail(user.id, operator())
      return report(input, 'confirmed', user)
    }),
}

export const unlock: Command = {
  name: 'users unlock',
  summary: 'Clear the failed sign-ins of an account',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      await auth.users.unlock(user.id, operator())
      return report(input, 'unlocked', user)
    }),
}

export const compromise: Command = {
  name: 'users compromise',
  summary: 'Mark a password as compromised: sign-in requires a reset, and all sessions end',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      await auth.users.markPasswordCompromised(user.id, operator())
      return printResult(
        input.json,
        { compromised: user.email },
        `${visible(user.email)} must reset the password to sign in. All sessions of the user have ended.`,
      )
    }),
}

export const remove: Command = {
  name: 'users delete',
  summary: 'Delete an account and all its data',
  takes: 'EMAIL',
  flags: YES,
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      if (!(await confirmed(input.flags, `Delete ${visible(user.email)} permanently?`))) return 1
      await auth.users.delete(user.id, operator())
      return report(input, 'deleted', user)
    }),
}
