import {
  type Adoption,
  type AdoptionPlan,
  databaseExists,
  describeDatabase,
  inspectSchema,
  isAdoptable,
  keepAccount,
  openAsItIs,
  openDatabase,
  planAdoption,
} from '../../db/index.ts'
import { MaintenanceError, NoResultFound, OptionError } from '../../errors.ts'
import { visible } from '../../lib/visible.ts'
import { resolveOptions } from '../../options.ts'
import { type Command, type ExitCode, UsageError } from '../command.ts'
import { print } from '../terminal.ts'

export const adopt: Command = {
  name: 'adopt',
  summary: 'Make the users table of the Flask exercise ours, after a copy (serve does it too)',
  flags: {
    plan: { type: 'boolean', help: 'Show what would be done and what stands in the way, and change nothing' },
    keep: { type: 'string', help: 'The number of an account that keeps the address it shares with others' },
  },
  async run({ settings, flags, json }) {
    const { databaseUrl } = resolveOptions(settings.options)
    if (!databaseExists(databaseUrl))
      throw new OptionError('databaseUrl', `there is no database at ${describeDatabase(databaseUrl)} yet`)
    if (flags.plan === true && flags.keep !== undefined)
      throw new UsageError('--plan changes nothing, and --keep does: give one of them')
    if (flags.keep !== undefined) return keep(databaseUrl, String(flags.keep), json)
    return flags.plan === true ? showPlan(databaseUrl, json) : adoptNow(databaseUrl, json)
  },
}

async function showPlan(databaseUrl: string, json: boolean): Promise<ExitCode> {
  const db = await openAsItIs(databaseUrl)
  try {
    if ((await inspectSchema(db)).is !== 'foreign') return await sayNothingToDo(json)
    const plan = await planAdoption(db)
    await (json ? print(JSON.stringify(plan)) : printPlan(plan))
    return isAdoptable(plan) ? 0 : 1
  } finally {
    await db.destroy()
  }
}

async function adoptNow(databaseUrl: string, json: boolean): Promise<ExitCode> {
  let adoption: Adoption | undefined
  const db = await openDatabase(databaseUrl, {
    onAdopted: (done) => {
      adoption = done
    },
  })
  await db.destroy()
  if (adoption === undefined) return sayNothingToDo(json)
  if (json) await print(JSON.stringify(adoption))
  else {
    await printPlan(adoption)
    await print(`The table as it was is kept in ${visible(adoption.copy)}.`)
  }
  return 0
}

async function keep(databaseUrl: string, text: string, json: boolean): Promise<ExitCode> {
  const id = Number(text)
  if (!Number.isSafeInteger(id)) throw new UsageError('--keep takes the number of an account')
  const db = await openAsItIs(databaseUrl)
  try {
    if ((await inspectSchema(db)).is !== 'foreign') return await sayNothingToDo(json)
    const setAside = await keepAccount(db, id)
    await print(
      json
        ? JSON.stringify({ kept: id, set_aside: setAside })
        : `Account ${id} keeps the address; ${setAside.join(', ')} went to the table users_set_aside.`,
    )
    return 0
  } catch (error) {
    throw error instanceof NoResultFound ? new MaintenanceError(error.message, { cause: error }) : error
  } finally {
    await db.destroy()
  }
}

async function sayNothingToDo(json: boolean): Promise<ExitCode> {
  await print(json ? JSON.stringify({ users: 0 }) : 'There is no users table of another service here.')
  return 0
}

/** Whole, however long: it is what the operator has to settle. */
async function printPlan(plan: AdoptionPlan): Promise<void> {
  await print(`Accounts: ${plan.users}`)
  const lists: [string, readonly (string | number)[]][] = [
    ['Columns that stay as they are', plan.extraColumns.map(visible)],
    ['Accounts whose password has to be reset, since its hash is none of bcrypt', plan.unknownHashes],
    ['Accounts nobody can sign in to, since their address is none', plan.unusableAddresses],
  ]
  for (const [what, found] of lists) if (found.length > 0) await print(`${what}: ${found.join(', ')}`)
  for (const obstacle of plan.obstacles) await print(`In the way: ${visible(obstacle)}`)
  for (const { email, ids } of plan.sharedAddresses) {
    await print(
      `In the way: accounts ${ids.join(', ')} share the address ${visible(email)}; to keep one of them: bienvenue adopt --keep ${ids[0]}`,
    )
  }
}
