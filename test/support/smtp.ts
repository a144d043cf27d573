/** Mail servers of our own, on loopback: one that works, and one that says whatever it is told to. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { buffer } from 'node:stream/consumers'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server'
import { onTestFinished } from 'vitest'
import { certificateFor } from './certificate.ts'

/** A message as a server got it. */
interface Received {
  readonly session: SMTPServerSession
  /** As the commands named them, before any header. */
  readonly from: string
  readonly to: readonly string[]
  readonly raw: string
  readonly mail: Email
}

interface TestSmtpServer {
  readonly port: number
  readonly received: readonly Received[]
  /** Every connection so far; those that have ended are destroyed. */
  readonly sockets: readonly Socket[]
}

/**
 * Starts a server that takes every message, offers STARTTLS with a certificate that nobody trusts, and wants
 * no login. The options change that.
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
      // The client went away in the middle of it.
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
  // What a client does wrong is the business of the test, which asks the client.
  server.on('error', () => {})
  const running = await listening(server.server)
  onTestFinished(() => new Promise((done) => server.close(() => done())))
  return { ...running, received }
}

/** What a scripted server does with a line: a reply, silence (`null`), or the end of the connection. */
export type Answer = string | null | { readonly hangUp: true }

interface ScriptedServer {
  readonly port: number
  /** Every line that came, commands and messages alike. */
  readonly lines: readonly string[]
  readonly sockets: readonly Socket[]
}

/**
 * Starts a server that greets (as the answer to the line '') and answers as it is told. After an answer of 354
 * the lines of the message are taken in silence; the `.` at its end is answered again.
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
    // A client that hangs up is nothing to us.
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

/** Answers by the verb of the command, as in `{ RCPT: '450 later' }`; what is not named is taken. */
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
