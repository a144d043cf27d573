import { ACCOUNT_STATES, type ListedUser, type UserQuery } from '../../../auth/index.ts'
import { visible } from '../../../lib/visible.ts'
import { type Command, type CommandInput, UsageError } from '../../command.ts'
import { limitOf, oneOf, sinceOf } from '../../flag-values.ts'
import { hint, isAtTerminal, jsonLine, print, printRows } from '../../terminal.ts'
import { withService } from '../../with-service.ts'
import { listed } from './shown.ts'

/** The default limit at a terminal. */
const LIST_LIMIT = 50

export const list: Command = {
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
    state: state === undefined ? undefined : oneOf('--state', ACCOUNT_STATES, state),
    email,
    since: since === undefined ? undefined : sinceOf(since),
    afterId: after === undefined ? undefined : idOf(after),
  }
  if (limit !== undefined) return { query, limit: limitOf(limit) }
  return { query, limit: isAtTerminal() && !json ? LIST_LIMIT : Number.POSITIVE_INFINITY }
}

function idOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError('--after must be the id of a user.')
  return Number(text)
}

async function* rowsOf(users: AsyncIterable<ListedUser>): AsyncGenerator<string[]> {
  for await (const { id, createdAt, state, email } of users)
    yield [String(id), createdAt.toISOString().slice(0, 10), state, visible(email)]
}
