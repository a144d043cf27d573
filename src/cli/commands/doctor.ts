import { loadBcrypt } from '../../auth/passwords/hashing/index.ts'
import { opensClientSecret } from '../../auth/providers/provider.ts'
import {
  assertCreatable,
  countIdentities,
  countPasskeysOfOtherHosts,
  countSealed,
  countUsersWithoutFactor,
  type Database,
  databaseExists,
  describeDatabase,
  healthOf,
  listProviders,
  openDatabase,
  pendingMigrations,
} from '../../db/index.ts'
import { createKeyring, parseSecretKeys } from '../../lib/keyring.ts'
import { relyingPartyOf } from '../../lib/relying-party.ts'
import { visible } from '../../lib/visible.ts'
import { describeSmtp, TERMINAL_MAIL } from '../../mail/settings.ts'
import { OptionError } from '../../model/errors.ts'
import { exceptionsOf, generatesKey, inspectOptions, missingIn, type Options } from '../../options/index.ts'
import type { Command } from '../command.ts'
import { schemaProblems } from '../metadata-schema.ts'
import { problemsOf } from '../serve-problems.ts'
import { inVariables, SETTINGS, type Settings, variableOf } from '../settings.ts'
import { counted, jsonLine, print, table } from '../terminal.ts'
import { warningsOf } from '../warnings.ts'

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

export const doctor: Command = {
  name: 'doctor',
  summary: 'Show every setting and its source, warn about unsafe ones, and check the database',
  toleratesProblems: true,
  async run({ settings, json }) {
    const { options } = inspectOptions(settings.options)
    const problems = [...problemsOf(settings), ...(await schemaProblems(settings))]
    const refused = problems.map(inVariables)
    const rows = describeSettings(settings, options)
    const unsafe = warningsOf(settings, options)
      .filter(({ setting }) => refused.every((other) => setting !== other.setting))
      .map(({ setting, reason }) => `${setting}: ${reason}`)
    const exceptions = exceptionsOf(options).map(({ option, reason }) => `${variableOf(option)}: ${reason}`)
    const missing = missingIn(options).map(({ option, reason }) => `${variableOf(option)}: ${reason}`)
    // Do not connect to a refused database URL: that could send the password in the clear.
    const isAccepted = ({ env }: { readonly env: string }) => refused.every(({ setting }) => setting !== env)
    const checks = await checkBcrypt()
    if (isAccepted(SETTINGS.databaseUrl))
      checks.push(...(await checkDatabase(options, { withSecrets: isAccepted(SETTINGS.secretKey) })))
    const well = refused.length === 0 && checks.every((check) => check.ok)

    if (json) {
      const unknown = settings.unknownVariables
      await print(jsonLine({ settings: rows, refused, unsafe, exceptions, missing, unknown, checks, well }))
    } else {
      await print(
        table([
          ['SETTING', 'VALUE', 'FROM'],
          ...rows.map((row) => [row.variable, String(row.value ?? '(invalid)'), row.source]),
        ]),
      )
      const isModeKnown = settings.problems.every(({ option }) => option !== 'mode')
      await printList(
        isModeKnown ? `serve refuses to start in ${options.mode} mode` : 'serve refuses to start',
        refused.map(({ setting, problem }) => `${setting}: ${problem}`),
      )
      await printList('Not fit for the internet', unsafe)
      await printList('Exceptions', exceptions)
      await printList('Not set', missing)
      for (const variable of settings.unknownVariables)
        await print(`\n${visible(variable)}: ignored (unknown setting)`)
      await print(
        `\n${checks.map(({ ok, name, detail }) => `${ok ? 'ok    ' : 'FAILED'}  ${name}: ${visible(detail)}`).join('\n')}`,
      )
    }
    return well ? 0 : 1
  },
}

async function printList(heading: string, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await print(`\n${heading}:\n${lines.map((line) => `  - ${line}`).join('\n')}`)
}

function describeSettings(settings: Settings, options: Options) {
  const values: Record<string, unknown> = { ...options, ...settings, ...shownSecrets(options) }
  const invalid = new Set(settings.problems.map(({ option }) => option))
  return Object.entries(SETTINGS).map(([name, { env }]) => ({
    variable: env,
    // Do not show the default in place of an invalid value: serve would not use it either.
    value: invalid.has(name) ? null : shownValue(values[name] as string | number | boolean),
    source: settings.sources[name as keyof Settings['sources']],
  }))
}

function shownValue(value: string | number | boolean): string | number {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  return value === '' ? '-' : value
}

/** The settings that hold a secret, without the secret. */
function shownSecrets({ databaseUrl, smtpUrl, secretKey }: Options): Record<string, string> {
  const keys = secretKey === '' ? 0 : secretKey.split(',').length
  return {
    databaseUrl: shownDatabase(databaseUrl),
    smtpUrl: smtpUrl === '' || smtpUrl === TERMINAL_MAIL ? smtpUrl : describeSmtp(smtpUrl),
    secretKey: keys === 0 ? '' : keys === 1 ? '1 key' : `${keys} keys`,
  }
}

function shownDatabase(databaseUrl: string): string {
  try {
    return describeDatabase(databaseUrl)
  } catch (error) {
    // Any part of an invalid URL could be the password.
    if (error instanceof OptionError) return '(invalid)'
    throw error
  }
}

/**
 * Empty if bcrypt can be loaded. A service that creates argon2id hashes loads it only for the first bcrypt hash, so it starts
 * even where bcrypt cannot be loaded.
 */
async function checkBcrypt(): Promise<Check[]> {
  const found = await check('bcrypt', async () => {
    await loadBcrypt()
    return 'can be loaded'
  })
  return found.ok ? [] : [found]
}

async function checkDatabase(
  options: Options,
  { withSecrets }: { readonly withSecrets: boolean },
): Promise<Check[]> {
  const { databaseUrl } = options
  try {
    if (!databaseExists(databaseUrl)) {
      assertCreatable(databaseUrl)
      return [{ name: 'database', ok: true, detail: 'does not exist yet; serve or migrate will create it' }]
    }
    const db = await openDatabase(databaseUrl, { migrate: false, create: false, naming: options })
    try {
      const pending = await pendingMigrations(db)
      const { assertWritable, findDamage } = healthOf(db)
      const schema =
        pending.length === 0
          ? 'up to date'
          : `${counted(pending.length, 'migration')} to run with serve or migrate`
      const checks = [
        await check('database', async () => {
          await assertWritable()
          return 'readable and writable'
        }),
      ]
      if (findDamage !== null)
        checks.push(
          await check('file', () => {
            const [problem] = findDamage()
            if (problem !== undefined) throw new Error(problem)
            return 'SQLite found no damage'
          }),
        )
      checks.push({ name: 'schema', ok: true, detail: schema })
      if (pending.length === 0) {
        if (withSecrets) checks.push(...(await checkSecrets(db, options)))
        checks.push(await checkFactors(db, options), ...(await checkPasskeys(db, options)))
        checks.push(...(await checkProviders(db, options, { withSecrets })))
      }
      return checks
    } finally {
      await db.destroy()
    }
  } catch (error) {
    return [{ name: 'database', ok: false, detail: reasonOf(error) }]
  }
}

/** Whether every stored secret can be opened, and which keys must stay. Empty if no secret is stored. */
async function checkSecrets(db: Database, options: Options): Promise<Check[]> {
  const counts = await countSealed(db)
  const of = (keyIds: Iterable<string>) =>
    [...keyIds].reduce((total, keyId) => total + (counts.get(keyId) ?? 0), 0)
  const total = of(counts.keys())
  if (total === 0) return []
  if (generatesKey(options)) {
    const detail = `${total} sealed with a key that is lost at a restart; set ${SETTINGS.secretKey.env} to keep them`
    return [{ name: 'secrets', ok: true, detail }]
  }
  const { secretKey } = options
  const keyIds = secretKey === '' ? [] : createKeyring(parseSecretKeys(secretKey)).keyIds
  const [first, former, unknown] = [of(keyIds.slice(0, 1)), of(keyIds.slice(1)), total - of(keyIds)]
  const parts = [
    first > 0 && `${first} sealed with the first key`,
    former > 0 && `${former} with a former key; run bienvenue secrets reseal before you remove it`,
    unknown > 0 &&
      `${unknown} with a key that is not in ${SETTINGS.secretKey.env}; add it at the end of the list`,
  ]
  return [{ name: 'secrets', ok: unknown === 0, detail: parts.filter((part) => part !== false).join(', ') }]
}

/** The policy, and how many accounts do not meet it yet. Their users can only set up a factor. */
function checkFactors(db: Database, options: Options): Promise<Check> {
  const { secondFactor } = options
  return check('second factor', async () => {
    if (secondFactor === 'off') return 'the policy is off'
    const passkeyOf = secondFactor === 'passkey' ? (relyingPartyOf(options)?.id ?? null) : null
    const query = { required: secondFactor === 'optional', passkeyOf }
    const without = await countUsersWithoutFactor(db, query)
    const wanted = secondFactor === 'passkey' ? 'passkey' : 'second factor'
    const missing = without === 0 ? '' : `; ${counted(without, 'account')} without the required ${wanted}`
    return `the policy is ${secondFactor}${missing}`
  })
}

/** Passkeys that cannot be used, because the RP ID has changed. Empty if all can be used. */
async function checkPasskeys(db: Database, options: Options): Promise<Check[]> {
  const rp = relyingPartyOf(options)
  if (rp === null) return []
  const others = await countPasskeysOfOtherHosts(db, rp.id)
  if (others === 0) return []
  const detail = `${counted(others, 'passkey')} for an RP ID other than ${rp.id} cannot be used here; if the RP ID changed by mistake, set ${SETTINGS.rpId.env}`
  return [{ name: 'passkeys', ok: true, detail }]
}

/** Lists the providers, and what prevents sign-in with each. Returns an empty list without providers. */
async function checkProviders(
  db: Database,
  options: Options,
  { withSecrets }: { readonly withSecrets: boolean },
): Promise<Check[]> {
  const { baseUrl, secretKey } = options
  const all = await listProviders(db)
  const known = new Set(all.map(({ id }) => id))
  const strangers = [...(await countIdentities(db))].filter(([id]) => !known.has(id))
  if (all.length + strangers.length === 0) return []
  const disabled = all.filter(({ disabledAt }) => disabledAt !== null)
  // The generated key of development mode is lost with the process.
  const isOpenable = withSecrets && !generatesKey(options)
  const keys = isOpenable && secretKey !== '' ? createKeyring(parseSecretKeys(secretKey)) : null
  const closed = isOpenable ? all.filter((provider) => !opensClientSecret(keys, provider)) : []
  const namesOf = (providers: readonly { readonly id: string }[]) => providers.map(({ id }) => id).join(', ')
  const parts = [
    counted(all.length, 'provider'),
    disabled.length > 0 && `disabled: ${namesOf(disabled)}`,
    closed.length > 0 &&
      `${SETTINGS.secretKey.env} has no key for the client secret of ${namesOf(closed)}: add the former key at the end of the list, or run bienvenue providers replace-secret`,
    all.length > 0 && baseUrl === '' && `${SETTINGS.baseUrl.env} is not set, so nobody can sign in with them`,
    ...strangers.map(
      ([id, count]) =>
        `${counted(count, 'identity', 'identities')} at ${id}, which is not a provider here: add a provider with this id`,
    ),
  ]
  const isWell = closed.length === 0 && (all.length === 0 || baseUrl !== '')
  return [{ name: 'providers', ok: isWell, detail: parts.filter((part) => part !== false).join('; ') }]
}

/** @param test - Returns the detail of a successful check. Throws the reason if the check fails. */
async function check(name: string, test: () => Promise<string> | string): Promise<Check> {
  try {
    return { name, ok: true, detail: await test() }
  } catch (error) {
    return { name, ok: false, detail: reasonOf(error) }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof OptionError) return error.problems.map(({ problem }) => problem).join(' ')
  return error instanceof Error ? error.message : String(error)
}
