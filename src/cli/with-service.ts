import { type AuthService, openAuthService, type UserDescription } from '../auth/index.ts'
import { databaseExists, describeDatabase } from '../db/index.ts'
import { AuthError, OptionError } from '../model/errors.ts'
import { resolveOptions } from '../options/index.ts'
import type { CommandInput, ExitCode } from './command.ts'
import { libraryOptions } from './metadata-schema.ts'

/** Opens the service for one command and closes it afterwards. @throws {OptionError} There is no database. */
export async function withService(
  { settings }: CommandInput,
  use: (auth: AuthService) => Promise<ExitCode>,
  { mayCreate = false }: { mayCreate?: boolean } = {},
): Promise<ExitCode> {
  const { databaseUrl } = resolveOptions(settings.options)
  if (!mayCreate) assertDatabaseExists(databaseUrl, '; check the path, or run bienvenue migrate to create it')
  const auth = await openAuthService(await libraryOptions(settings))
  try {
    return await use(auth)
  } finally {
    await auth.close()
  }
}

/** The same, with the user that the first argument names. @throws {AuthError} `unknown_email` */
export async function withUser(
  input: CommandInput,
  use: (auth: AuthService, found: UserDescription) => Promise<ExitCode>,
): Promise<ExitCode> {
  const [email = ''] = input.args
  return withService(input, async (auth) => use(auth, await findUser(auth, email)))
}

/** The user with this address. @throws {AuthError} `unknown_email` */
export async function findUser(auth: AuthService, email: string): Promise<UserDescription> {
  const found = await auth.users.find(email)
  if (found === null) throw new AuthError('unknown_email', { message: `There is no user ${email}.` })
  return found
}

/** @param rest - The rest of the message. @throws {OptionError} There is no database. */
export function assertDatabaseExists(databaseUrl: string, rest: string): void {
  if (!databaseExists(databaseUrl))
    throw new OptionError('databaseUrl', `there is no database at ${describeDatabase(databaseUrl)}${rest}`)
}
