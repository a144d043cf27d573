import {
  ACCOUNT_STATES,
  type AccountState,
  type ListedUser,
  type UserQuery,
  type UserUpdate,
} from '../../auth/index.ts'
import { visible } from '../../lib/visible.ts'
import { MaintenanceError } from '../../model/errors.ts'
import type { JsonObject } from '../../model/json.ts'
import { type Account, trimEmail } from '../../model/user.ts'
import { resolveOptions } from '../../options/index.ts'
import { type Command, type CommandInput, type ExitCode, UsageError } from '../command.ts'
import { operator } from '../operator.ts'
import { limitOf, sinceOf } from '../query.ts'
import {
  confirmed,
  hint,
  isAtTerminal,
  jsonLine,
  moment,
  print,
  printRows,
  readNewPassword,
  table,
} from '../terminal.ts'
import { withService, withUser } from '../with-service.ts'

/** A user as JSON. It contains no hash and no token. */
function shown(user: Account) {
  return {
    id: user.id,
    email: user.email,
    created_at: user.createdAt.toISOString(),
    disabled_at: user.disabledAt?.toISOString() ?? null,
    email_verified_at: user.emailVerifiedAt?.toISOString() ?? null,
    password_compromised_at: user.passwordCompromisedAt?.toISOString() ?? null,
    locale: user.locale,
    name: user.name,
    picture: user.picture,
    metadata: user.metadata,
  }
}

/** The same, with the state of the account. */
function listed({ state, ...user }: ListedUser) {
  const { id, email, ...rest } = shown(user)
  return { id, email, state, ...rest }
}

async function report(
  { json }: CommandInput,
  done: 'disabled' | 'enabled' | 'deleted' | 'confirmed' | 'unlocked',
  { email }: Account,
): Promise<ExitCode> {
  await print(json ? jsonLine({ [done]: email }) : `${visible(email)} is ${done}.`)
  return 0
}

const add: Command = {
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
        await print(input.json ? jsonLine(shown(user)) : `Added ${visible(user.email)} as user ${user.id}.`)
        return 0
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
    await print(
      input.json
        ? jsonLine({ ...shown(user), queued: 'set_password' })
        : `Added ${to} as user ${user.id}. The running service will send ${to} a link that sets the password.`,
    )
    return 0
  })
}

/** The default limit at a terminal. */
const LIST_LIMIT = 50

const list: Command = {
  name: 'users list',
  summary: 'List users by id, with their states; with --json, one object per line',
  flags: {
    state: { type: 'string', help: `Only users in this state: ${ACCOUNT_STATES.join(', ')}` },
    email: { type: 'string', help: 'Only users whose address contains this text' },
    since: { type: 'string', help: 'Only users registered since this date or time, such as 2026-11-21' },
    after: { type: 'string', help: 'Only users with a greater id, to continue where a list ended' },
    limit: {
      type: 'string',
      help: `The maximum number of users, 0 for all; by default ${LIST_LIMIT} at a terminal, otherwise all`,
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
      if (input.json) for await (const user of users()) await print(jsonLine(listed(user)))
      else await printRows(['id', 'created', 'state', 'email'], rowsOf(users()))
      if (isMore) hint(`There are more. To continue, add --after ${last}`)
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
  if (known === undefined) throw new UsageError(`--state must be one of ${ACCOUNT_STATES.join(', ')}.`)
  return known
}

function idOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError('--after must be the id of a user.')
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
    withUser(input, async (auth, { user, liveSessions, resetPending }) => {
      const privateMetadata = (await auth.users.privateMetadata(user.id)) ?? {}
      if (input.json) {
        const more = {
          private_metadata: privateMetadata,
          live_sessions: liveSessions,
          reset_pending: resetPending,
        }
        await print(jsonLine({ ...listed(user), ...more }))
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
          ['name', visible(user.name ?? '-')],
          ['picture', user.picture ?? '-'],
          ['locale', user.locale ?? '-'],
          ['metadata', shownMetadata(user.metadata)],
          ['private metadata', shownMetadata(privateMetadata)],
          ['live sessions', String(liveSessions)],
          ['reset pending', resetPending ? 'yes' : 'no'],
        ]),
      )
      return 0
    }),
}

function shownMetadata(metadata: JsonObject): string {
  return Object.keys(metadata).length === 0 ? '-' : jsonLine(metadata)
}

/** The flags of `users set`, each with the field of a profile that it writes. */
const PROFILE_FLAGS = {
  name: { field: 'name', help: 'The name that the user wants to be called by' },
  picture: { field: 'picture', help: 'The URL of a picture' },
  locale: { field: 'locale', help: 'The language of mail, such as fr' },
  metadata: { field: 'metadata', help: 'A JSON object that replaces the metadata, which the user can read' },
  'private-metadata': {
    field: 'privateMetadata',
    help: 'The same for the metadata that the user cannot read',
  },
} as const satisfies Record<string, { field: keyof UserUpdate; help: string }>

const set: Command = {
  name: 'users set',
  summary: 'Change the profile or the metadata of a user; an empty value clears a field',
  takes: 'EMAIL',
  flags: Object.fromEntries(
    Object.entries(PROFILE_FLAGS).map(([flag, { help }]) => [flag, { type: 'string', help }]),
  ),
  run(input) {
    const changes = Object.fromEntries(
      Object.entries(PROFILE_FLAGS).flatMap(([flag, { field }]) => {
        const text = input.flags[flag] as string | undefined
        return text === undefined ? [] : [[field, profileValue(flag, text)]]
      }),
    )
    if (Object.keys(changes).length === 0)
      throw new UsageError(
        `Name what to change: ${Object.keys(PROFILE_FLAGS)
          .map((flag) => `--${flag}`)
          .join(', ')}.`,
      )
    return withUser(input, async (auth, { user }) => {
      const changed = (await auth.users.update(user.id, changes, operator())) ?? user
      await print(input.json ? jsonLine(shown(changed)) : `${visible(changed.email)} is changed.`)
      return 0
    })
  },
}

/** The value of a flag of `users set`. `null` for empty text. */
function profileValue(flag: string, text: string): string | object | null {
  if (text === '') return null
  if (!flag.endsWith('metadata')) return text
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Reported below.
  }
  throw new UsageError(`--${flag} must be a JSON object, such as '{"plan":"pro"}'.`)
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
  summary: 'Enable a disabled account',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      await auth.users.enable(user.id, operator())
      return report(input, 'enabled', user)
    }),
}

const confirm: Command = {
  name: 'users confirm',
  summary: 'Confirm the address of an account, as the link in the mail does',
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
  summary: 'Mail a link for setting a new password; the running service sends it',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      if (!(await auth.users.sendPasswordReset(user.id, operator()))) throw cannotGetMail(user)
      return reportMail(input, 'reset_password', user.email)
    }),
}

const resend: Command = {
  name: 'users resend-confirmation',
  summary: 'Mail the confirmation link again; the running service sends it',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      if (!(await auth.users.sendConfirmation(user.id, operator()))) throw cannotGetMail(user)
      return reportMail(input, 'verify_email', user.email)
    }),
}

const setEmail: Command = {
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
        throw cannotGetMail(user)
      if (!isConfirmed) return reportMail(input, 'confirm_new_email', trimEmail(email))
      await print(
        input.json
          ? jsonLine({ id: user.id, email: trimEmail(email) })
          : `The address of user ${user.id} is now ${visible(trimEmail(email))}. All sessions of the user have ended.`,
      )
      return 0
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
  await print(
    json
      ? jsonLine({ queued: kind, to })
      : `The running service will send ${visible(to)} a link that ${MAILS[kind]}.`,
  )
  return 0
}

/** The reason why an account cannot be sent a mail. */
function cannotGetMail({ email, disabledAt }: Account): MaintenanceError {
  return new MaintenanceError(
    disabledAt === null
      ? `${email} is already confirmed.`
      : `${email} is disabled. Enable the account first: bienvenue users enable EMAIL`,
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
          ? jsonLine({ compromised: user.email })
          : `${visible(user.email)} must reset the password to sign in. All sessions of the user have ended.`,
      )
      return 0
    }),
}

const remove: Command = {
  name: 'users delete',
  summary: 'Delete an account and all its data',
  takes: 'EMAIL',
  flags: { yes: { type: 'boolean', help: 'Do not ask for confirmation' } },
  run: (input) =>
    withUser(input, async (auth, { user }) => {
      if (input.flags.yes !== true && !(await confirmed(`Delete ${visible(user.email)} permanently?`)))
        return 1
      await auth.users.delete(user.id, operator())
      return report(input, 'deleted', user)
    }),
}

export const users: readonly Command[] = [
  add,
  list,
  show,
  set,
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
