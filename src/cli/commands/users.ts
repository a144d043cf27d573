import {
  ACCOUNT_STATES,
  type AccountState,
  type AuthService,
  type ListedUser,
  openAuthService,
  type UserDescription,
  type UserQuery,
} from '../../auth/index.ts'
import { databaseExists, describeDatabase } from '../../db/index.ts'
import { AuthError, MaintenanceError, OptionError } from '../../errors.ts'
import { visible } from '../../lib/visible.ts'
import { resolveOptions } from '../../options/index.ts'
import { trimEmail, type User } from '../../user.ts'
import { type Command, type CommandInput, type ExitCode, UsageError } from '../command.ts'
import { operator } from '../operator.ts'
import { limitOf, sinceOf } from '../query.ts'
import {
  confirmed,
  hint,
  isAtTerminal,
  moment,
  print,
  printRows,
  readNewPassword,
  table,
} from '../terminal.ts'

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

/** The same, and whether they can sign in. */
function listed({ state, ...user }: ListedUser) {
  const { id, email, ...rest } = shown(user)
  return { id, email, state, ...rest }
}

export async function withService(
  { settings }: CommandInput,
  use: (auth: AuthService) => Promise<ExitCode>,
  details: { mayCreate?: boolean } = {},
): Promise<ExitCode> {
  const { databaseUrl } = resolveOptions(settings.options)
  if (!databaseExists(databaseUrl) && !details.mayCreate) {
    throw new OptionError('databaseUrl', `there is no database at ${describeDatabase(databaseUrl)} yet`)
  }
  const auth = await openAuthService(settings.options)
  try {
    return await use(auth)
  } finally {
    await auth.close()
  }
}

export async function withUser(
  input: CommandInput,
  use: (auth: AuthService, found: UserDescription) => Promise<ExitCode>,
): Promise<ExitCode> {
  const [email = ''] = input.args
  return withService(input, async (auth) => {
    const found = await auth.users.find(email)
    if (found === null) throw new AuthError('unknown_email', { message: `there is no user ${email}` })
    return use(auth, found)
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
    const { minPasswordLength } = resolveOptions(input.settings.options)
    const password = await readNewPassword(input.flags['password-stdin'] === true, minPasswordLength)
    return withService(
      input,
      async (auth) => {
        // Whoever runs the service vouches for the address.
        const user = await auth.users.create({ email, password, confirmed: true }, operator())
        await print(
          input.json ? JSON.stringify(shown(user)) : `Added ${visible(user.email)} as user ${user.id}.`,
        )
        return 0
      },
      { mayCreate: true },
    )
  },
}

/** How many a person gets to see at once. */
const LIST_LIMIT = 50

const list: Command = {
  name: 'users list',
  summary: 'List users by id, with their states; with --json, one object a line',
  flags: {
    state: { type: 'string', help: `Only those in this state: ${ACCOUNT_STATES.join(', ')}` },
    email: { type: 'string', help: 'Only those with this in their address' },
    since: { type: 'string', help: 'Only those registered from this moment on, as in 2026-11-21' },
    after: { type: 'string', help: 'Only those with a greater id: go on where a list ended' },
    limit: {
      type: 'string',
      help: `How many at most, 0 for all; without it all, but ${LIST_LIMIT} at a terminal`,
    },
  },
  run: (input) => {
    const { query, limit } = queryOf(input)
    return withService(input, async (auth) => {
      let [count, last, isMore] = [0, 0, false]
      async function* users() {
        for await (const user of auth.users.list(query)) {
          isMore = count === limit
          if (isMore) return
          yield user
          count++
          last = user.id
        }
      }
      if (input.json) for await (const user of users()) await print(JSON.stringify(listed(user)))
      else await printRows(['id', 'created', 'state', 'email'], rowsOf(users()))
      if (isMore) hint(`There are more: add --after ${last}`)
      return 0
    })
  },
}

function queryOf({ flags, json }: CommandInput): { query: UserQuery; limit: number } {
  const { state, email, since, after, limit } = flags as Partial<Record<string, string>>
  const query = {
    state: state === undefined ? undefined : knownState(state),
    email,
    since: since === undefined ? undefined : sinceOf(since),
    afterId: after === undefined ? undefined : idOf(after),
  }
  if (limit !== undefined) return { query, limit: limitOf(limit) }
  return { query, limit: isAtTerminal() && !json ? LIST_LIMIT : Number.POSITIVE_INFINITY }
}

function knownState(state: string): AccountState {
  const known = ACCOUNT_STATES.find((name) => name === state)
  if (known === undefined) throw new UsageError(`--state takes one of ${ACCOUNT_STATES.join(', ')}`)
  return known
}

function idOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError('--after takes the id of a user')
  return Number(text)
}

async function* rowsOf(users: AsyncIterable<ListedUser>): AsyncGenerator<string[]> {
  for await (const { id, createdAt, state, email } of users)
    yield [String(id), createdAt.toISOString().slice(0, 10), state, visible(email)]
}

const show: Command = {
  name: 'users show',
  summary: 'Show one user',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (_engine, { user, liveSessions }) => {
      if (input.json) {
        const more = { live_sessions: liveSessions, reset_pending: user.resetToken !== null }
        await print(JSON.stringify({ ...listed(user), ...more }))
        return 0
      }
      await print(
        table([
          ['id', String(user.id)],
          ['email', visible(user.email)],
          ['state', user.state],
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
  summary: 'Disable an account and end its sessions',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      await auth.users.disable(user.id, operator())
      return report(input, 'disabled', user)
    }),
}

const enable: Command = {
  name: 'users enable',
  summary: 'Enable a disabled account again',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      await auth.users.enable(user.id, operator())
      return report(input, 'enabled', user)
    }),
}

const confirm: Command = {
  name: 'users confirm',
  summary: 'Confirm the address of an account, as the mailed link would',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      await auth.users.confirmEmail(user.id, operator())
      return report(input, 'confirmed', user)
    }),
}

const unlock: Command = {
  name: 'users unlock',
  summary: 'Clear the failed sign-ins of an account',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      await auth.users.unlock(user.id, operator())
      return report(input, 'unlocked', user)
    }),
}

const sendReset: Command = {
  name: 'users send-reset',
  summary: 'Mail the link that sets a new password; the running service sends it',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      if (!(await auth.users.sendPasswordReset(user.id, operator()))) throw cannotGetMail(user)
      return reportMail(input, 'reset_password', user.email)
    }),
}

const resend: Command = {
  name: 'users resend-confirmation',
  summary: 'Mail the link that confirms the address once more; the running service sends it',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      if (!(await auth.users.sendConfirmation(user.id, operator()))) throw cannotGetMail(user)
      return reportMail(input, 'verify_email', user.email)
    }),
}

const setEmail: Command = {
  name: 'users set-email',
  summary: 'Give an account another address, once its mailbox has confirmed it',
  takes: 'EMAIL NEW',
  flags: {
    confirmed: {
      type: 'boolean',
      help: 'Vouch for the address: change it now, end all sessions, and tell the old address',
    },
  },
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      const [, email = ''] = input.args
      const isConfirmed = input.flags.confirmed === true
      if (!(await auth.users.setEmail(user.id, { email, confirmed: isConfirmed }, operator())))
        throw cannotGetMail(user)
      if (!isConfirmed) return reportMail(input, 'confirm_new_email', trimEmail(email))
      await print(
        input.json
          ? JSON.stringify({ id: user.id, email: trimEmail(email) })
          : `User ${user.id} has the address ${visible(trimEmail(email))} now; its sessions are over.`,
      )
      return 0
    }),
}

/** What the link in a mail is for. */
const MAILS = {
  reset_password: 'sets a new password',
  verify_email: 'confirms the address',
  confirm_new_email:
    'confirms the address; it changes once the link is used, with the password of the account',
}

async function reportMail({ json }: CommandInput, kind: keyof typeof MAILS, to: string): Promise<ExitCode> {
  await print(
    json
      ? JSON.stringify({ queued: kind, to })
      : `The running service sends ${visible(to)} a link that ${MAILS[kind]}.`,
  )
  return 0
}

/** Why an account got no mail. */
function cannotGetMail({ email, disabledAt }: User): MaintenanceError {
  return new MaintenanceError(
    disabledAt === null
      ? `${email} is confirmed already`
      : `${email} is disabled; enable the account first: bienvenue users enable`,
  )
}

const compromise: Command = {
  name: 'users compromise',
  summary: 'Mark a password as compromised: sign-in requires a reset, and all sessions end',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      await auth.users.markPasswordCompromised(user.id, operator())
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
  summary: 'Delete an account and everything that belongs to it',
  takes: 'EMAIL',
  flags: { yes: { type: 'boolean', help: 'Do not ask' } },
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      if (input.flags.yes !== true && !(await confirmed(`Delete ${visible(user.email)} for good?`))) return 1
      await auth.users.delete(user.id, operator())
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
  sendReset,
  resend,
  setEmail,
  compromise,
  remove,
]
