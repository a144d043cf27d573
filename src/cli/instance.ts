/** The service in this process, from its first connection to the database until it is told to stop. */
import { createApp } from '../app/index.ts'
import { type RunningServer, startServer } from '../app/server.ts'
import { type AuthService, openAuthService } from '../auth/index.ts'
import { OptionError } from '../errors.ts'
import { withoutBrackets } from '../lib/network.ts'
import { lowerPoolPriority } from '../lib/pool.ts'
import { describeError, type Logger } from '../log.ts'
import type { Settings } from './settings.ts'

const CLEAN_UP_EVERY_MS = 60 * 60 * 1_000

/** What whoever runs the service is told beside the settings. */
export interface RunDetails {
  readonly log: Logger
  /** Once the service listens: on which port. */
  readonly onListening: (port: number) => void
  /** Resolves when the service has to stop. */
  readonly stopped: Promise<void>
}

/**
 * Runs the service until it is told to stop; then finishes what is in hand.
 *
 * @throws {OptionError} The database cannot be used, or the address or port is not to be had.
 */
export async function runInstance(
  settings: Settings,
  { log, onListening, stopped }: RunDetails,
): Promise<void> {
  await lowerPoolPriority()
  const auth = await openAuthService(settings.options, {
    sendsMail: true,
    processes: settings.workers,
    onFault: (what, error, details) => log.error({ ...details, reason: describeError(error) }, what),
    onChange: (level, what, details = {}) => log[level](details, what),
    onAudit: (record) => log.info({ audit: record }, 'audit'),
  })
  try {
    const server = await listen(auth, log, listenAddresses(settings.host), settings.port)
    onListening(server.port)
    const stopCleaning = cleanUpRegularly(auth, log)
    await stopped
    await server.stop()
    await stopCleaning()
  } finally {
    await auth.close()
  }
}

function listenAddresses(host: string): string[] {
  return host === 'localhost' ? ['127.0.0.1', '::1'] : [withoutBrackets(host)]
}

async function listen(
  auth: AuthService,
  log: Logger,
  addresses: string[],
  port: number,
): Promise<RunningServer> {
  try {
    return await startServer(createApp(auth, log), addresses, port)
  } catch (error) {
    const { code, address } = error as NodeJS.ErrnoException & { address?: string }
    if (code === 'EADDRINUSE')
      throw new OptionError(
        'port',
        `${port} is taken by another program on ${address}; take another one, as in PORT=5050`,
      )
    if (code === 'EACCES') throw new OptionError('port', `this user may not listen on ${port}`)
    if (code === 'EADDRNOTAVAIL') throw new OptionError('host', `${address} is no address of this machine`)
    throw error
  }
}

/** @returns Ends it, once the one in hand is done. */
function cleanUpRegularly(auth: AuthService, log: Logger): () => Promise<void> {
  const cleanUp = () =>
    auth.deleteExpired().then(
      (removed) => log.debug({ removed }, 'clean-up'),
      (error: unknown) => log.error({ reason: describeError(error) }, 'the clean-up failed'),
    )
  let inHand = cleanUp()
  const timer = setInterval(() => {
    inHand = cleanUp()
  }, CLEAN_UP_EVERY_MS)
  return () => {
    clearInterval(timer)
    return inHand
  }
}
