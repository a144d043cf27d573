import { visible } from '../../lib/visible.ts'
import type { Command } from '../command.ts'
import { confirmed, print } from '../terminal.ts'
import { withEngine, withUser } from './users.ts'

const end: Command = {
  name: 'sessions end',
  summary: 'Sign one user out everywhere',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (engine, { user, liveSessions }) => {
      await engine.destroySession(user.id)
      await print(
        input.json
          ? JSON.stringify({ email: user.email, ended: liveSessions })
          : `${visible(user.email)} is signed out everywhere (live sessions: ${liveSessions}).`,
      )
      return 0
    }),
}

const endAll: Command = {
  name: 'sessions end-all',
  summary: 'Sign everybody out everywhere',
  flags: { yes: { type: 'boolean', help: 'Do not ask' } },
  run: (input) =>
    withEngine(input, async (engine) => {
      if (input.flags.yes !== true && !(await confirmed('Sign everybody out everywhere?'))) return 1
      const ended = await engine.endEverySession()
      await print(input.json ? JSON.stringify({ ended }) : `Ended ${ended} sessions.`)
      return 0
    }),
}

export const sessions: readonly Command[] = [end, endAll]
