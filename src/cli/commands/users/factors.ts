/** The second factors of a user. */
import { visible } from '../../../lib/visible.ts'
import { MaintenanceError } from '../../../model/errors.ts'
import { type Command, UsageError } from '../../command.ts'
import { operator } from '../../operator.ts'
import { printResult } from '../../terminal.ts'
import { withUser } from '../../with-service.ts'

export const revokeFactor: Command = {
  name: 'users revoke-factor',
  summary: 'Revoke second factors of a user and end all sessions; the user gets a mail',
  takes: 'EMAIL',
  flags: {
    totp: { type: 'boolean', help: 'The authenticator app' },
    passkey: { type: 'string', help: 'The passkey or security key with this id; users show lists the ids' },
    'recovery-codes': { type: 'boolean', help: 'All recovery codes' },
  },
  run(input) {
    const { totp, passkey, 'recovery-codes': recoveryCodes } = input.flags
    const named = {
      totp: totp === true,
      passkeys: typeof passkey === 'string' ? [passkey] : [],
      recoveryCodes: recoveryCodes === true,
    }
    if (!named.totp && named.passkeys.length === 0 && !named.recoveryCodes)
      throw new UsageError('Name what to revoke: --totp, --passkey ID, --recovery-codes.')
    return withUser(input, async (auth, { user }) => {
      if (!(await auth.users.revokeFactors(user.id, named, operator())))
        throw new MaintenanceError(
          `${user.email} has no such factor. To list the factors: bienvenue users show EMAIL`,
        )
      const left = await auth.users.find(user.email)
      const isLast = left !== null && left.factors.totp === null && left.factors.passkeys.length === 0
      const after = isLast
        ? ' No second factor is left: until the user adds one, only the password protects the account.'
        : ''
      return printResult(
        input.json,
        { revoked: user.email, second_factor_left: !isLast },
        `The factors of ${visible(user.email)} are revoked. All sessions of the user have ended.${after}`,
      )
    })
  },
}

export const requireFactor: Command = {
  name: 'users require-factor',
  summary: 'Require a second factor of one user, regardless of the policy of the service',
  takes: 'EMAIL',
  flags: { off: { type: 'boolean', help: 'No longer require it' } },
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      const required = input.flags.off !== true
      await auth.users.requireSecondFactor(user.id, { required }, operator())
      const email = visible(user.email)
      return printResult(
        input.json,
        { email: user.email, second_factor_required: required },
        required
          ? `${email} must now sign in with a second factor. If there is none, the next sign-in asks to set one up.`
          : `${email} needs a second factor only if the policy of the service asks for one.`,
      )
    }),
}
