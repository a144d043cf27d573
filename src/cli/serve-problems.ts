/** The reasons why `serve` refuses to start. */
import { describeDatabase, isInMemory } from '../db/index.ts'
import { isLoopback, isPrivateAddress, withoutBrackets } from '../lib/network.ts'
import { OptionError, type OptionProblem } from '../model/errors.ts'
import { generatesKey, inspectOptions, type Options } from '../options/index.ts'
import { openSite } from '../pages/index.ts'
import { UNSPECIFIED } from './local-url.ts'
import { needsPort, type Settings } from './settings.ts'

/** Every reason why `serve` refuses to start with these settings, at most one per setting. */
export function problemsOf(settings: Settings): readonly OptionProblem[] {
  const { options, problems } = inspectOptions(settings.options)
  const all = [
    ...settings.problems,
    ...problemsIn(() => describeDatabase(options.databaseUrl)),
    ...problems,
    ...problemsIn(() => openSite(options)),
    ...hostProblem(settings.host, options),
    ...workersProblem(settings, options),
  ]
  return all.filter(({ option }, index) => all.findIndex((other) => other.option === option) === index)
}

function problemsIn(open: () => unknown): readonly OptionProblem[] {
  try {
    open()
    return []
  } catch (error) {
    if (error instanceof OptionError) return error.problems
    throw error
  }
}

/** Refuses an address that others could reach without TLS. */
function hostProblem(host: string, { mode, trustedProxies }: Options): OptionProblem[] {
  const address = withoutBrackets(host)
  if (host === 'localhost' || isLoopback(address)) return []
  if (mode === 'classic') {
    const problem = `classic mode listens on loopback only (localhost, 127.0.0.1 or ::1), not on "${host}"`
    return [{ option: 'host', problem }]
  }
  if (mode === 'development') {
    if (UNSPECIFIED.has(address) || isPrivateAddress(address)) return []
    const problem = `development mode listens on loopback, private addresses, 0.0.0.0 or ::, not on "${host}"`
    return [{ option: 'host', problem }]
  }
  const problem = `"${host}" can be reached without TLS; set BIENVENUE_TRUSTED_PROXIES to the proxy in front, or listen on localhost`
  return trustedProxies === '' ? [{ option: 'host', problem }] : []
}

/** Refuses several processes if they could not share the database, the key or the port. */
function workersProblem(settings: Settings, options: Options): OptionProblem[] {
  const { workers } = settings
  if (workers === 1) return []
  const refuse = (problem: string) => [{ option: 'workers', problem: `${workers} processes ${problem}` }]
  if (isInMemory(options.databaseUrl))
    return refuse('cannot share a database in memory; name a file or PostgreSQL in DATABASE_URL')
  if (generatesKey(options)) return refuse('need a shared key; set BIENVENUE_SECRET_KEY, or run one process')
  return needsPort(settings) ? refuse('need a PORT other than 0; set PORT or BASE_URL') : []
}
