import { type Engine, openEngine, type UserDescription } from '../auth/index.ts'
import { databaseExists, describeDatabase } from '../db/index.ts'
import { AuthError, OptionError } from '../errors.ts'
import { resolveOptions } from '../options/index.ts'
import type { CommandInput, ExitCode } from './command.ts'

/** Opens the service for one command and closes it afterwards. @throws {OptionError} There is no database. */
export async function withService(
  { settings }: CommandInput,
  use: (engine: Engine) => Promise<ExitCode>,
  { mayCreate = false }: { mayCreate?: boolean } = {},
): Promise<ExitCode> {
  const { databaseUrl } = resolveOptions(settings.options)
  if (!databaseExists(databaseUrl) && !mayCreate) {
    throw new OptionError(
      'databaseUrl',
      `there is no database at ${describeDatabase(databaseUrl)}; check the path, or run bienvenue migrate to create it`,
    )
  }
  const engine = await openEngine(settings.options)
  try {
    return await use(engine)
  } finally {
    await engine.close()
  }
}

/** The same, with the user that the first argument names. @throws {AuthError} `unknown_email` */
export async function withUser(
  input: CommandInput,
  use: (engine: Engine, found: UserDescription) => Promise<ExitCode>,
): Promise<ExitCode> {
  const [email = ''] = input.args
  return withService(input, async (engine) => {
    const found = await engine.describeUser(email)
    if (found === null) throw new AuthError('unknown_email', { message: `There is no user ${email}.` })
    return use(engine, found)
  })
}
