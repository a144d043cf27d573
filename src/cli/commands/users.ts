import { type Engine, openEngine } from '../../auth/index.ts'
import { databaseExists, describeDatabase } from '../../db/index.ts'
import { AuthError, OptionError } from '../../errors.ts'
import { visible } from '../../lib/visible.ts'
import { resolveOptions } from '../../options.ts'
import type { User } from '../../user.ts'
import type { Command, CommandInput, ExitCode } from '../command.ts'
import { confirmed, moment, print, readNewPassword, table } from '../terminal.ts'

/** A user as the commands show them: nothing that opens anything. */
function shown(user: User) {
  return {
    id: user.id,
    email: user.email,
    created_at: user.createdAt.toISOString(),
    disabled_at: user.disabledAt?.toISOString() ?? null,
    email_verified_at: user.emailVerifiedAt?.toISOString() ?? null,
    password_compromised_at: user.passwordCompromisedAt?.toISOString() ?? null,
  }
}

export async function withEngine(
  { settings }: CommandInput,
  use: (engine: Engine) => Promise<ExitCode>,
  details: { mayCreate?: boolean } = {},
): Promise<ExitCode> {
  const { databaseUrl } = resolveOptions(settings.options)
  if (!databaseExists(databaseUrl) && !details.mayCreate) {
    throw new OptionError('databaseUrl', `there is no database at ${describeDatabase(databaseUrl)} yet`)
  }
  const engine = await openEngine(settings.options)
  try {
    return await use(engine)
  } finally {
    await engine.close()
  }
}

export async function withUser(
  input: CommandInput,
  use: (engine: Engine, found: { user: User; liveSessions: number }) => Promise<ExitCode>,
): Promise<ExitCode> {
  const [email = ''] = input.args
  return withEngine(input, async (engine) => {
    const found = await engine.describeUser(email)
    if (found === null) throw new AuthError('unknown_email', { message: `there is no user ${email}` })
    return use(engine, found)
  })
}

async function report(
  { json }: CommandInput,
  done: 'disabled' | 'enabled' | 'deleted' | 'confirmed' | 'unlocked',
  { email }: User,
): Promise<ExitCode> {
  await print(json ? JSON.stringify({ [done]: email }) : `${visible(email)} is ${done}.`)
  return 0
}

const add: Command = {
  name: 'users add',
  summary: 'Add a user; the password is asked for',
  takes: 'EMAIL',
  flags: { 'password-stdin': { type: 'boolean', help: 'Read the password from standard input' } },
  async run(input) {
    const [email = ''] = input.args
    const password = await readNewPassword(input.flags['password-stdin'] === true)
    return withEngine(
      input,
      async (engine) => {
        // Whoever runs the service vouches for the address.
        const user = await engine.registerUser(email, password, { confirmed: true })
        await print(
          input.json ? JSON.stringify(shown(user)) : `Added ${visible(user.email)} as user ${user.id}.`,
        )
        return 0
      },
      { mayCreate: true },
    )
  },
}

const list: Command = {
  name: 'users list',
  summary: 'List all users; with --json, one object a line',
  run: (input) =>
    withEngine(input, async (engine) => {
      if (!input.json) await print('id\tcreated\tstate\temail')
      for await (const user of engine.listUsers()) {
        const state = user.disabledAt === null ? 'active' : 'disabled'
        await print(
          input.json
            ? JSON.stringify(shown(user))
            : `${user.id}\t${user.createdAt.toISOString().slice(0, 10)}\t${state}\t${visible(user.email)}`,
        )
      }
      return 0
    }),
}

const show: Command = {
  name: 'users show',
  summary: 'Show one user',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (_engine, { user, liveSessions }) => {
      if (input.json) {
        const more = { live_sessions: liveSessions, reset_pending: user.resetToken !== null }
        await print(JSON.stringify({ ...shown(user), ...more }))
        return 0
      }
      await print(
        table([
          ['id', String(user.id)],
          ['email', visible(user.email)],
          ['created', moment(user.createdAt)],
          ['confirmed', moment(user.emailVerifiedAt)],
          ['disabled', moment(user.disabledAt)],
          ['compromised', moment(user.passwordCompromisedAt)],
          ['live sessions', String(liveSessions)],
          ['reset pending', user.resetToken === null ? 'no' : 'yes'],
        ]),
      )
      return 0
    }),
}

const disable: Command = {
  name: 'users disable',
  summary: 'Shut an account and end its sessions',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (engine, { user }) => {
      await engine.disableUser(user.id)
      return report(input, 'disabled', user)
    }),
}

const enable: Command = {
  name: 'users enable',
  summary: 'Open a disabled account again',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (engine, { user }) => {
      await engine.enableUser(user.id)
      return report(input, 'enabled', user)
    }),
}

const confirm: Command = {
  name: 'users confirm',
  summary: 'Vouch for the address of an account, as the mailed link would',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (engine, { user }) => {
      await engine.confirmUser(user.id)
      return report(input, 'confirmed', user)
    }),
}

const unlock: Command = {
  name: 'users unlock',
  summary: 'Forget the failed logins of an account',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (engine, { user }) => {
      await engine.unlockUser(user.id)
      return report(input, 'unlocked', user)
    }),
}

const compromise: Command = {
  name: 'users compromise',
  summary: 'Let a password open nothing until it is reset, because others may know it',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (engine, { user }) => {
      await engine.markPasswordCompromised(user.id)
      await print(
        input.json
          ? JSON.stringify({ compromised: user.email })
          : `${visible(user.email)} has to reset the password; its sessions are over.`,
      )
      return 0
    }),
}

const remove: Command = {
  name: 'users delete',
  summary: 'Remove an account with all that is its own, for good',
  takes: 'EMAIL',
  flags: { yes: { type: 'boolean', help: 'Do not ask' } },
  run: (input) =>
    withUser(input, async (engine, { user }) => {
      if (input.flags.yes !== true && !(await confirmed(`Delete ${visible(user.email)} for good?`))) return 1
      await engine.deleteUser(user.id)
      return report(input, 'deleted', user)
    }),
}

export const users: readonly Command[] = [
  add,
  list,
  show,
  disable,
  enable,
  confirm,
  unlock,
  compromise,
  remove,
]
