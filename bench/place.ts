/** Where a run takes place: a folder for its files, a PostgreSQL where one is wanted, and the end of both. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import pg from 'pg'
import { SMTPServer } from 'smtp-server'
import { startPostgres } from '../test/support/start-postgres.ts'
import { type OnEnd, temporaryFolder } from '../test/support/system.ts'

export type EngineName = 'sqlite' | 'postgres'

export interface Place {
  readonly onEnd: OnEnd
  /** The URL of an empty database. */
  freshDatabase(engine: EngineName): Promise<string>
  /** The port of a mail server on 127.0.0.1 that takes every mail and throws it away. */
  mailPort(): Promise<number>
  /** Ends all that was begun here, the last first. */
  end(): Promise<void>
}

export function openPlace(): Place {
  const ends: (() => Promise<void> | void)[] = []
  const onEnd: OnEnd = (end) => void ends.push(end)
  const folder = temporaryFolder(onEnd)
  let postgres: Promise<string> | undefined
  let mail: Promise<number> | undefined
  return {
    onEnd,
    async freshDatabase(engine) {
      const name = `bench_${randomUUID().replaceAll('-', '')}`
      if (engine === 'sqlite') return `sqlite:${join(folder, `${name}.db`)}`
      postgres ??= openPostgres(onEnd)
      const client = new pg.Client({ connectionString: `${await postgres}/postgres` })
      await client.connect()
      await client.query(`create database ${name}`)
      await client.end()
      return `${await postgres}/${name}`
    },
    mailPort() {
      mail ??= startMailSink(onEnd)
      return mail
    },
    async end() {
      for (const end of ends.splice(0).reverse()) await end()
    },
  }
}

/** The PostgreSQL that the tests use. It goes away with this process, however that ends. */
async function openPostgres(onEnd: OnEnd): Promise<string> {
  const { url, stop } = await startPostgres()
  onEnd(stop)
  return url
}

async function startMailSink(onEnd: OnEnd): Promise<number> {
  const sink = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 1,
    onData(stream, _, done) {
      stream.resume().on('end', () => done())
    },
  })
  sink.on('error', () => {})
  await new Promise<void>((listening) => sink.listen(0, '127.0.0.1', listening))
  onEnd(() => new Promise((closed) => sink.close(closed)))
  return (sink.server.address() as { port: number }).port
}
