import type { UserUpdate } from '../../../auth/index.ts'
import { visible } from '../../../lib/visible.ts'
import { type Command, UsageError } from '../../command.ts'
import { operator } from '../../operator.ts'
import { printResult } from '../../terminal.ts'
import { withUser } from '../../with-service.ts'
import { shown } from './shown.ts'

/** The flags of `users set`, each with the field of a profile that it writes. */
const PROFILE_FLAGS = {
  name: { field: 'name', help: 'The name that the user wants to be called by' },
  picture: { field: 'picture', help: 'The URL of a picture' },
  locale: { field: 'locale', help: 'The language of mail, such as fr' },
  metadata: { field: 'metadata', help: 'A JSON object that replaces the metadata, which the user can read' },
  'private-metadata': {
    field: 'privateMetadata',
    help: 'A JSON object that replaces the private metadata, which the user cannot read',
  },
} as const satisfies Record<string, { field: keyof UserUpdate; help: string }>

export const set: Command = {
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
      return printResult(input.json, shown(changed), `Changed ${visible(changed.email)}.`)
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
