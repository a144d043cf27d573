import {
  type AdoptionPlan,
  adoptUsers,
  assertAdoptable,
  cannotUse,
  type Database,
  databaseExists,
  describeDatabase,
  inspectSchema,
  isAdoptable,
  keepAccount,
  openAsItIs,
  planAdoption,
} from '../../db/index.ts'
import { MaintenanceError, NoResultFound, OptionError } from '../../errors.ts'
import { visible } from '../../lib/visible.ts'
import { resolveOptions } from '../../options/index.ts'
import { type Command, type ExitCode, UsageError } from '../command.ts'
import { confirmed, counted, print } from '../terminal.ts'

export const adopt: Command = {
  name: 'adopt',
  summary: 'Take over the users table of the Flask exercise, after a copy',
  flags: {
    plan: { type: 'boolean', help: 'Show what would be done and what stands in the way, and change nothing' },
    keep: { type: 'string', help: 'The number of an account that keeps the address it shares with others' },
    yes: { type: 'boolean', help: 'Do not ask' },
  },
  async run({ settings, flags, json }) {
    const { databaseUrl } = resolveOptions(settings.options)
    if (!databaseExists(databaseUrl))
      throw new OptionError('databaseUrl', `there is no database at ${describeDatabase(databaseUrl)} yet`)
    if (flags.plan === true && flags.keep !== undefined)
      throw new UsageError('--plan changes nothing, and --keep does: give one of them')
    const kept = Number(flags.keep ?? 0)
    if (!Number.isSafeInteger(kept)) throw new UsageError('--keep takes the number of an account')
    const confirm = async (question: string) => flags.yes === true || (await confirmed(question))
    return withDatabase(databaseUrl, (db) => {
      if (flags.plan === true) return showPlan(db, json)
      if (flags.keep !== undefined) return keep(db, kept, { confirm, json })
      return adoptNow(db, { confirm, json })
    })
  },
}

/** How a change is confirmed and reported. */
interface Conduct {
  readonly confirm: (question: string) => Promise<boolean>
  readonly json: boolean
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
  if (plan === null) return sayNothingToDo(json)
  await print(json ? JSON.stringify(plan) : planLines(plan).join('\n'))
  return isAdoptable(plan) ? 0 : 1
}

async function adoptNow(db: Database, { confirm, json }: Conduct): Promise<ExitCode> {
  const plan = await planAdoption(db)
  if (plan === null) return sayNothingToDo(json)
  if (!json) await print(planLines(plan).join('\n'))
  assertAdoptable(plan)
  const accounts = counted(plan.users, 'account')
  if (!(await confirm(`Adopt the users table with ${accounts}? It is copied first.`))) return 1
  const adoption = await adoptUsers(db, plan)
  if (adoption === null) return sayNothingToDo(json)
  await print(
    json ? JSON.stringify(adoption) : `Adopted. The table as it was is kept in ${visible(adoption.copy)}.`,
  )
  return 0
}

async function keep(db: Database, id: number, { confirm, json }: Conduct): Promise<ExitCode> {
  if ((await inspectSchema(db)).is !== 'foreign') return sayNothingToDo(json)
  const question = `Let account ${id} keep its address, and move the accounts that share it to the table users_set_aside?`
  if (!(await confirm(question))) return 1
  const setAside = await keepAccount(db, id).catch((error: unknown) => {
    throw error instanceof NoResultFound ? new MaintenanceError(error.message, { cause: error }) : error
  })
  await print(
    json
      ? JSON.stringify({ kept: id, set_aside: setAside })
      : `Account ${id} keeps the address; ${setAside.join(', ')} went to the table users_set_aside.`,
  )
  return 0
}

async function sayNothingToDo(json: boolean): Promise<ExitCode> {
  await print(json ? JSON.stringify({ users: 0 }) : 'There is no users table of another service here.')
  return 0
}

/** All of it, however long: the operator has to settle it. */
function planLines(plan: AdoptionPlan): string[] {
  const lists: [string, readonly (string | number)[]][] = [
    ['Columns that stay as they are', plan.extraColumns.map(visible)],
    ['Accounts whose password has to be reset, since its hash is not of bcrypt', plan.unknownHashes],
    ['Accounts that nobody can sign in to, since their address is not valid', plan.unusableAddresses],
  ]
  return [
    `Accounts: ${plan.users}`,
    ...lists.filter(([, found]) => found.length > 0).map(([what, found]) => `${what}: ${found.join(', ')}`),
    ...plan.obstacles.map((obstacle) => `In the way: ${visible(obstacle)}`),
    ...plan.sharedAddresses.map(
      ({ email, ids }) =>
        `In the way: accounts ${ids.join(', ')} share the address ${visible(email)}; to keep one of them: bienvenue adopt --keep ${ids[0]}`,
    ),
  ]
}
