import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { withoutBrackets } from '../../lib/network.ts'
import { createLogger, describeError, type Logger } from '../../log.ts'
import { generatesKey, resolveOptions } from '../../options/index.ts'
import type { Command, ExitCode } from '../command.ts'
import { urlOf } from '../local-url.ts'
import { schemaProblems } from '../metadata-schema.ts'
import { problemsOf } from '../serve-problems.ts'
import { assertNone, type Settings, withKnownPort } from '../settings.ts'
import { DEVELOPMENT_WARNING, KEY_NOTE, startBlock } from '../start-block.ts'
import { print } from '../terminal.ts'
import { createTextLogger } from '../text-log.ts'
import { version } from '../version.ts'
import { warningsOf } from '../warnings.ts'
import type { Listening } from '../workers.ts'

export const serve: Command = {
  name: 'serve',
  summary: 'Run the service until it is stopped by SIGTERM or Ctrl-C',
  toleratesProblems: true,
  async run({ settings: given }) {
    assertNone([...problemsOf(given), ...(await schemaProblems(given))])
    const settings = await withKnownPort(given, findFreePort)
    const worker = settings.workers > 1 ? cluster.worker : undefined
    const base = worker && { pid: process.pid }
    const log = isForPeople(settings)
      ? createTextLogger(settings.logLevel, base)
      : createLogger(settings.logLevel, 'stdout', base)
    // Listen for signals before the service starts, so that an early one is not missed.
    const stopped = stopSignal(worker).then((signal) => log.info({ signal }, 'stopping'))
    surviveFaults(log)
    const exitCode = await start(settings, { log, stopped, worker })
    log.info({}, 'stopped')
    return exitCode
  },
}

function isForPeople({ log }: Settings): boolean {
  return log === 'text' || (log === 'auto' && process.stdout.isTTY)
}

interface Start {
  readonly log: Logger
  readonly stopped: Promise<void>
  readonly worker: Worker | undefined
}

/**
 * Runs this process as the primary, a worker or the only instance. Imports only what that role needs: the primary
 * needs neither HTTP nor SQL.
 */
async function start(settings: Settings, { log, stopped, worker }: Start): Promise<ExitCode> {
  const onListening = (port: number) => announce(log, settings, port)
  if (settings.workers > 1 && worker === undefined) {
    const { runWorkers } = await import('../workers.ts')
    return runWorkers(settings.workers, { log, stopped, onListening })
  }
  const { runInstance } = await import('../instance.ts')
  if (worker === undefined) {
    await runInstance(settings, { log, stopped, onListening })
    return 0
  }
  const tellPrimary = (port: number) => {
    // Logged once the primary can read it. A worker that ends before has not started.
    worker.send({ port } satisfies Listening, () => log.info({}, 'worker listening'))
  }
  try {
    await runInstance(settings, { log, stopped, onListening: tellPrimary })
  } finally {
    // The channel to the primary would keep the process alive.
    worker.disconnect()
  }
  return 0
}

/** A port that is free now, or 0 if the address cannot be used, which the service then reports itself. */
async function findFreePort(host: string): Promise<number> {
  const server = createServer().listen(0, host === 'localhost' ? '127.0.0.1' : withoutBrackets(host))
  try {
    await once(server, 'listening')
  } catch {
    return 0
  }
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Logs uncaught errors and keeps running, so that an error in one request does not end the others. */
function surviveFaults(log: Logger): void {
  const survive = (error: unknown) => log.error({ reason: describeError(error) }, 'uncaught error')
  process.on('uncaughtException', survive)
  process.on('unhandledRejection', survive)
}

/** Reports the address of the service and the settings that are not fit for the internet. */
function announce(log: Logger, settings: Settings, port: number): void {
  const options = resolveOptions(settings.options)
  const url = urlOf(settings.host, port)
  if (isForPeople(settings)) {
    if (settings.logLevel !== 'silent') void print(startBlock(settings, options, { version: version(), url }))
    return
  }
  if (options.mode === 'development') {
    const unsafe = warningsOf(settings, options).map(({ reason }) => reason)
    log.warn({ unsafe }, `DEVELOPMENT MODE: ${DEVELOPMENT_WARNING}`)
    if (generatesKey(options)) log.info({}, `key generated for this run: ${KEY_NOTE}`)
  } else {
    for (const { setting, reason } of warningsOf(settings, options))
      log.warn({ setting }, `not fit for the internet: ${reason}`)
  }
  for (const variable of settings.unknownVariables) log.warn({ variable }, 'unknown setting ignored')
  log.info({ url, mode: options.mode, pid: process.pid }, 'listening')
}

function stopSignal(worker: Worker | undefined): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  process.once('SIGTERM', resolve)
  process.once('SIGINT', resolve)
  // The primary forwards its own stop signal.
  worker?.once('message', resolve)
  worker?.once('disconnect', () => {
    // The primary is gone. Node would end the worker at once, in the middle of its requests.
    worker.exitedAfterDisconnect = true
    resolve('disconnect')
  })
  return promise
}
