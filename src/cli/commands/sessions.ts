import { sessionSummaryOnWire } from '../../app/wire.ts'
import type { SessionSummary } from '../../auth/index.ts'
import { visible } from '../../lib/visible.ts'
import { type Command, UsageError } from '../command.ts'
import { operator } from '../operator.ts'
import { confirmed, counted, jsonLine, moment, print, printResult, printRows, YES } from '../terminal.ts'
import { withService, withUser } from '../with-service.ts'

const list: Command = {
  name: 'sessions',
  summary: 'List the live sessions of one user; with --json, one object per line',
  takes: 'EMAIL',
  async run(input) {
    const [email = ''] = input.args
    if (!email.includes('@'))
      throw new UsageError(
        `"${email}" is not an email address. Commands: sessions EMAIL, sessions end EMAIL, sessions end-all.`,
      )
    return withUser(input, async (auth, { user }) => {
      const sessions = await auth.users.listSessions(user.id)
      if (input.json) for (const session of sessions) await print(jsonLine(sessionSummaryOnWire(session)))
      else await printRows(['id', 'created', 'last used', 'ip', 'device'], sessions.map(rowOf))
      return 0
    })
  },
}

function rowOf({ id, createdAt, lastSeenAt, ip, userAgent }: SessionSummary): string[] {
  return [id, moment(createdAt), moment(lastSeenAt), visible(ip ?? '-'), visible(userAgent ?? '-')]
}

const end: Command = {
  name: 'sessions end',
  summary: 'Sign one user out everywhere',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, { user, liveSessions }) => {
      await auth.destroySession(user.id, operator())
      return printResult(
        input.json,
        { email: user.email, ended: liveSessions },
        `Signed ${visible(user.email)} out everywhere: ended ${counted(liveSessions, 'session')}.`,
      )
    }),
}

const endAll: Command = {
  name: 'sessions end-all',
  summary: 'Sign everyone out everywhere',
  flags: YES,
  run: (input) =>
    withService(input, async (auth) => {
      if (!(await confirmed(input.flags, 'Sign everyone out everywhere?'))) return 1
      const ended = await auth.users.endEverySession(operator())
      return printResult(input.json, { ended }, `Ended ${counted(ended, 'session')}.`)
    }),
}

export const sessions: readonly Command[] = [list, end, endAll]
