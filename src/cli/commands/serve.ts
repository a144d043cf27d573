import { createApp } from '../../app/index.ts'
import { type RunningServer, startServer } from '../../app/server.ts'
import { type Engine, openEngine } from '../../auth/index.ts'
import { OptionError } from '../../errors.ts'
import { withoutBrackets } from '../../lib/network.ts'
import { createLogger, describeError, type Logger } from '../../log.ts'
import { unsafeOptions } from '../../options.ts'
import type { Command } from '../command.ts'
import { assertNone, problemsOf, type Settings, variableOf } from '../settings.ts'

const CLEAN_UP_EVERY_MS = 60 * 60 * 1_000

export const serve: Command = {
  name: 'serve',
  summary: 'Run the service until it is told to stop (SIGTERM or Ctrl-C)',
  toleratesProblems: true,
  async run({ settings }) {
    assertNone(problemsOf(settings))
    const log = createLogger(settings.logLevel, 'stdout')
    // From here on a signal is heard, however early it comes.
    const stopped = stopSignal()
    surviveFaults(log)
    const engine = await openEngine(settings.options, {
      sendsMail: true,
      onFault: (what, error, details) => log.error({ ...details, reason: describeError(error) }, what),
      onAudit: (record) => log.info({ audit: record }, 'audit'),
      onAdopted: ({ users, copy, extraColumns, unknownHashes, unusableAddresses }) =>
        log.info(
          {
            users,
            copy,
            extraColumns,
            unknownHashes: unknownHashes.length,
            unusableAddresses: unusableAddresses.length,
          },
          'adopted the users table of another service',
        ),
    })
    try {
      const server = await listen(engine, log, listenAddresses(settings.host), settings.port)
      announce(log, settings, engine, server.port)
      const stopCleaning = cleanUpRegularly(engine, log)
      log.info({ signal: await stopped }, 'stopping')
      await server.stop()
      await stopCleaning()
    } finally {
      await engine.close()
    }
    log.info({}, 'stopped')
    return 0
  },
}

function listenAddresses(host: string): string[] {
  return host === 'localhost' ? ['127.0.0.1', '::1'] : [withoutBrackets(host)]
}

/** What nobody caught is logged, and the service lives on: one request's fault is no other's. */
function surviveFaults(log: Logger): void {
  const survive = (error: unknown) =>
    log.error({ reason: describeError(error) }, 'a fault that nobody caught')
  process.on('uncaughtException', survive)
  process.on('unhandledRejection', survive)
}

async function listen(
  engine: Engine,
  log: Logger,
  addresses: string[],
  port: number,
): Promise<RunningServer> {
  try {
    return await startServer(createApp(engine, log), addresses, port)
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

/** Says where the service is, and what about it is not fit for the internet. */
function announce(log: Logger, settings: Settings, engine: Engine, port: number): void {
  for (const { option, reason } of unsafeOptions(engine.options)) {
    log.warn({ setting: variableOf(option) }, `not fit for the internet: ${reason}`)
  }
  for (const variable of settings.unknownVariables)
    log.warn({ variable }, 'ignored: there is no such setting')
  const name = settings.host.includes(':') ? `[${settings.host.replace(/^\[|\]$/g, '')}]` : settings.host
  log.info({ url: `http://${name}:${port}`, mode: engine.options.mode, pid: process.pid }, 'listening')
}

/** @returns Ends it, once the one in hand is done. */
function cleanUpRegularly(engine: Engine, log: Logger): () => Promise<void> {
  const cleanUp = () =>
    engine.deleteExpired().then(
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

function stopSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  process.once('SIGTERM', resolve)
  process.once('SIGINT', resolve)
  return promise
}
