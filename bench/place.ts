/** The resources of a run: a directory, a PostgreSQL and a mail server if needed, and their clean-up. */
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
  /** The port of a mail server on 127.0.0.1 that accepts and discards every mail. */
  mailPort(): Promise<number>
  /** Ends everything that was started here, in reverse order. */
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

/** The PostgreSQL of the tests. It ends when this process does, even if it is killed. */
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
