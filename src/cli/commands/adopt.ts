import {
  type AdoptionPlan,
  adoptUsers,
  assertAdoptable,
  cannotUse,
  type Database,
  inspectSchema,
  isAdoptable,
  keepAccount,
  openAsItIs,
  planAdoption,
} from '../../db/index.ts'
import { visible } from '../../lib/visible.ts'
import { MaintenanceError, NoResultFound, OptionError } from '../../model/errors.ts'
import { resolveOptions } from '../../options/index.ts'
import { type Command, type CommandInput, type ExitCode, UsageError } from '../command.ts'
import { confirmed, counted, print, printResult, YES } from '../terminal.ts'
import { assertDatabaseExists } from '../with-service.ts'

export const adopt: Command = {
  name: 'adopt',
  summary: 'Take over the users table of the Flask exercise, after copying it',
  flags: {
    plan: { type: 'boolean', help: 'Show what would change and what prevents it, without changing anything' },
    keep: { type: 'string', help: 'The id of the account to keep, of several with the same address' },
    ...YES,
  },
  async run(input) {
    const { settings, flags, json } = input
    const { databaseUrl, tablePrefix, databaseSchema } = resolveOptions(settings.options)
    for (const [option, value] of Object.entries({ tablePrefix, databaseSchema })) {
      if (value !== '')
        throw new OptionError(
          option,
          'adopt takes over the users table of the Flask exercise under its own name; unset this to run it',
        )
    }
    assertDatabaseExists(databaseUrl, ' to adopt')
    if (flags.plan === true && flags.keep !== undefined)
      throw new UsageError('Use either --plan or --keep, not both.')
    const kept = Number(flags.keep ?? 0)
    if (!Number.isSafeInteger(kept)) throw new UsageError('--keep must be the id of an account.')
    return withDatabase(databaseUrl, (db) => {
      if (flags.plan === true) return showPlan(db, json)
      if (flags.keep !== undefined) return keep(db, kept, input)
      return adoptNow(db, input)
    })
  },
}

async function withDatabase(
  databaseUrl: string,
  use: (db: Database) => Promise<ExitCode>,
): Promise<ExitCode> {
  const db = await openAsItIs(databaseUrl)
  try {
    return await use(db)
  } catch (error) {
    if (error instanceof MaintenanceError || error instanceof OptionError || error instanceof UsageError)
      throw error
    throw cannotUse(databaseUrl, error)
  } finally {
    await db.destroy()
  }
}

async function showPlan(db: Database, json: boolean): Promise<ExitCode> {
  const plan = await planAdoption(db)
  if (plan === null) return reportNothingToAdopt(json)
  await printResult(json, plan, planLines(plan).join('\n'))
  return isAdoptable(plan) ? 0 : 1
}

async function adoptNow(db: Database, { flags, json }: CommandInput): Promise<ExitCode> {
  const plan = await planAdoption(db)
  if (plan === null) return reportNothingToAdopt(json)
  if (!json) await print(planLines(plan).join('\n'))
  assertAdoptable(plan)
  const accounts = counted(plan.users, 'account')
  if (!(await confirmed(flags, `Adopt the users table with ${accounts}? A copy is made first.`))) return 1
  const adoption = await adoptUsers(db, plan)
  if (adoption === null) return reportNothingToAdopt(json)
  return printResult(json, adoption, `Adopted. The original table is kept as ${visible(adoption.copy)}.`)
}

async function keep(db: Database, id: number, { flags, json }: CommandInput): Promise<ExitCode> {
  if ((await inspectSchema(db)).is !== 'foreign') return reportNothingToAdopt(json)
  const question = `Keep account ${id} and move the other accounts with the same address to the table users_set_aside?`
  if (!(await confirmed(flags, question))) return 1
  const setAside = await keepAccount(db, id).catch((error: unknown) => {
    throw error instanceof NoResultFound ? new MaintenanceError(error.message, { cause: error }) : error
  })
  return printResult(
    json,
    { kept: id, set_aside: setAside },
    `Kept account ${id}. Moved to the table users_set_aside: ${setAside.join(', ')}.`,
  )
}

async function reportNothingToAdopt(json: boolean): Promise<ExitCode> {
  return printResult(
    json,
    { users: 0 },
    'Nothing to adopt: the database has no users table of another service.',
  )
}

/** The whole plan, however long, because the operator must resolve every obstacle. */
function planLines(plan: AdoptionPlan): string[] {
  const lists: [string, readonly (string | number)[]][] = [
    ['Extra columns, kept unchanged', plan.extraColumns.map(visible)],
    [
      'Accounts that may need a password reset, because their hash is not bcrypt as Python makes it',
      plan.unknownHashes,
    ],
    ['Accounts that cannot sign in, because their address is invalid', plan.unusableAddresses],
  ]
  return [
    `Accounts: ${plan.users}`,
    ...lists.filter(([, found]) => found.length > 0).map(([what, found]) => `${what}: ${found.join(', ')}`),
    ...plan.obstacles.map((obstacle) => `Obstacle: ${visible(obstacle)}`),
    ...plan.sharedAddresses.map(
      ({ email, ids }) =>
        `Obstacle: accounts ${ids.join(', ')} share the address ${visible(email)}. To keep one, run: bienvenue adopt --keep ${ids[0]}`,
    ),
  ]
}
