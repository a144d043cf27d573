/** Mail servers on loopback: one that works, and one that follows a script. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { buffer } from 'node:stream/consumers'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server'
import { onTestFinished } from 'vitest'
import { certificateFor } from './certificate.ts'

/** A message as the server received it. */
interface Received {
  readonly session: SMTPServerSession
  /** The envelope sender, not the header. The same holds for `to`. */
  readonly from: string
  readonly to: readonly string[]
  readonly raw: string
  readonly mail: Email
}

interface TestSmtpServer {
  readonly port: number
  readonly received: readonly Received[]
  /** Every connection so far. Those that have ended are destroyed. */
  readonly sockets: readonly Socket[]
}

/**
 * Starts a server that accepts every message, offers STARTTLS with an untrusted certificate, and needs no login.
 * The options can change that.
 */
export async function startSmtpServer(options: SMTPServerOptions = {}): Promise<TestSmtpServer> {
  const received: Received[] = []
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    closeTimeout: 1,
    ...certificateFor('localhost'),
    async onData(stream, session, done) {
      const raw = await buffer(stream).catch(() => null)
      // The client disconnected during the message.
      if (raw === null) return
      const { mailFrom, rcptTo } = session.envelope
      received.push({
        session,
        from: mailFrom === false ? '' : mailFrom.address,
        to: rcptTo.map(({ address }) => address),
        raw: raw.toString('latin1'),
        mail: await PostalMime.parse(raw),
      })
      done()
    },
    ...options,
  })
  // Tests check client errors at the client.
  server.on('error', () => {})
  const running = await listening(server.server)
  onTestFinished(() => new Promise((done) => server.close(() => done())))
  return { ...running, received }
}

/** How a scripted server reacts to a line: a reply, silence (`null`), or closing the connection. */
export type Answer = string | null | { readonly hangUp: true }

interface ScriptedServer {
  readonly port: number
  /** Every line received, of commands and messages. */
  readonly lines: readonly string[]
  readonly sockets: readonly Socket[]
}

/**
 * Starts a server that takes its replies from `answer`. The greeting is the answer to the empty line. After a reply
 * of 354, the lines of the message get no reply until the final `.`.
 */
export async function startScriptedServer(
  answer: (line: string, socket: Socket) => Answer,
): Promise<ScriptedServer> {
  const lines: string[] = []
  const server = createServer((socket) => {
    let isMessage = false
    const respond = (line: string) => {
      const reply = answer(line, socket)
      isMessage = typeof reply === 'string' && reply.startsWith('354')
      if (typeof reply === 'string') socket.write(`${reply}\r\n`)
      else if (reply !== null) socket.destroy()
    }
    // A client may hang up at any time.
    socket.on('error', () => {})
    createInterface({ input: socket }).on('line', (line) => {
      lines.push(line)
      if (!isMessage || line === '.') respond(line)
    })
    respond('')
  })
  const running = await listening(server)
  onTestFinished(async () => {
    for (const socket of running.sockets) socket.destroy()
    await new Promise((done) => server.close(done))
  })
  return { ...running, lines }
}

/** Answers by the verb of the command, as in `{ RCPT: '450 later' }`. Other commands succeed. */
export function answering(answers: Readonly<Record<string, Answer>>): (line: string) => Answer {
  const all: Readonly<Record<string, Answer>> = { '': '220 ready', DATA: '354 go on', ...answers }
  return (line) => {
    const verb = line.split(/[ :]/, 1)[0] ?? ''
    return Object.hasOwn(all, verb) ? (all[verb] ?? null) : '250 ok'
  }
}

async function listening(server: Server): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, sockets }
}
