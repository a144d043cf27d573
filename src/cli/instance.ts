/** One instance of the service in this process, from opening the database to a graceful stop. */
import { createApp } from '../app/index.ts'
import { type RunningServer, startServer } from '../app/server.ts'
import { type AuthService, openAuthService } from '../auth/index.ts'
import { hashesAtOnce } from '../auth/passwords/hashing/queue.ts'
import { withoutBrackets } from '../lib/network.ts'
import { lowerPoolPriority, poolSizeFor } from '../lib/pool.ts'
import { describeError, type Logger } from '../log.ts'
import { OptionError } from '../model/errors.ts'
import { libraryOptions } from './metadata-schema.ts'
import type { Settings } from './settings.ts'

export const CLEAN_UP_EVERY_MS = 60 * 60 * 1_000

/** How a running service reports and stops. */
export interface RunDetails {
  readonly log: Logger
  /** Called once the service accepts connections. */
  readonly onListening: (port: number) => void
  /** Resolves when the service must stop. */
  readonly stopped: Promise<void>
}

/**
 * Runs the service until `stopped` resolves, then finishes the requests in progress.
 *
 * @throws {OptionError} The database cannot be used, or the service cannot listen on the address or port.
 */
export async function runInstance(
  settings: Settings,
  { log, onListening, stopped }: RunDetails,
): Promise<void> {
  // Nothing has used the pool yet.
  process.env.UV_THREADPOOL_SIZE ??= String(poolSizeFor(hashesAtOnce(settings.workers)))
  await lowerPoolPriority()
  const auth = await openAuthService(await libraryOptions(settings), {
    sendsMail: true,
    processes: settings.workers,
    onFault: (what, error, details) => log.error({ ...details, reason: describeError(error) }, what),
    // Exit, so that a new process reads what is on the disk.
    onLost: () => process.exit(1),
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
        `${port} is in use by another program on ${address}; choose another, such as PORT=5050`,
      )
    if (code === 'EACCES')
      throw new OptionError('port', `this user is not allowed to listen on ${port}; choose a port above 1023`)
    if (code === 'EADDRNOTAVAIL')
      throw new OptionError(
        'host',
        `${address} is not an address of this machine; use localhost or one that is`,
      )
    throw error
  }
}

/** @returns A function that stops the clean-ups and waits for a running one. */
function cleanUpRegularly(auth: AuthService, log: Logger): () => Promise<void> {
  const cleanUp = () =>
    auth.deleteExpired().then(
      (removed) => log.debug({ removed }, 'clean-up'),
      (error: unknown) => log.error({ reason: describeError(error) }, 'the clean-up failed'),
    )
  let running = cleanUp()
  const timer = setInterval(() => {
    running = cleanUp()
  }, CLEAN_UP_EVERY_MS)
  return () => {
    clearInterval(timer)
    return running
  }
}
