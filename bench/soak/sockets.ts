/**
 * Malformed requests over sockets, to a running service. Each gets an answer below 500 or a closed connection, and afterwards the
 * service works as before.
 */
import { connect } from 'node:net'
import { mutate, seeded } from './mutate.ts'

const CONNECTIONS = 16
/** Waiting longer than this counts as hanging. The service closes an incomplete request later, so the client ends its side first. */
const LIMIT_MS = 20_000

const HEAD = 'Host: 127.0.0.1\r\nConnection: close\r\n'
const FORM = 'email=a%40example.com&password=b4l0u'
const UUID = '019aa65e-1c00-7abc-8def-0123456789ab'

const CORPUS = [
  `GET / HTTP/1.1\r\n${HEAD}\r\n`,
  `GET /profile HTTP/1.1\r\n${HEAD}Cookie: session_id=${UUID}.${'A'.repeat(43)}\r\nAccept: text/html\r\n\r\n`,
  `POST /users HTTP/1.1\r\n${HEAD}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${FORM.length}\r\n\r\n${FORM}`,
  `POST /sessions HTTP/1.1\r\n${HEAD}Content-Type: application/json\r\nContent-Length: 42\r\n\r\n{"email":"a@example.com","password":"pass"}`,
  `PUT /reset_password HTTP/1.1\r\n${HEAD}Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n--b\r\n\r\n0\r\n\r\n`,
  `DELETE /sessions HTTP/1.0\r\n${HEAD}X-Forwarded-For: 192.0.2.1\r\nSec-Fetch-Site: same-origin\r\n\r\n`,
  `OPTIONS /sessions HTTP/1.1\r\n${HEAD}Origin: https://app.example.com\r\nAccess-Control-Request-Method: POST\r\n\r\n`,
  `GET /sign_in?return_to=%2F&a=b HTTP/1.1\r\n${HEAD}Accept: text/html\r\nAccept-Language: fr-CH, fr;q=0.9\r\n\r\n`,
].map((text) => Buffer.from(text))

export interface SocketsReport {
  /** How often each status was answered. `closed`: the connection ended without an answer. */
  readonly statuses: Readonly<Record<string, number>>
  /** Requests that were answered with 500 or above, or not ended in time, in base64. */
  readonly failures: readonly string[]
}

/** Sends malformed requests, each on a connection of its own. */
export async function runSockets(port: number, requests: number, seed: number): Promise<SocketsReport> {
  const random = seeded(seed)
  const statuses: Record<string, number> = {}
  const failures: string[] = []
  let left = requests
  const client = async () => {
    while (left-- > 0) {
      const input = mutate(CORPUS[random(CORPUS.length)] ?? Buffer.alloc(0), CORPUS, random)
      const status = await send(port, input)
      statuses[status] = (statuses[status] ?? 0) + 1
      if (status === 'hanging' || Number(status) >= 500)
        failures.push(`${status}: ${input.toString('base64')}`)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, client))
  return { statuses, failures }
}

/** @returns The status of the first answer, `closed` or `hanging`. */
function send(port: number, input: Buffer): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect({ port, host: '127.0.0.1' })
  let answer = ''
  socket.setTimeout(LIMIT_MS, () => {
    resolve('hanging')
    socket.destroy()
  })
  socket.on('data', (bytes) => {
    if (answer.length < 64) answer += bytes.toString('latin1')
  })
  socket.on('error', () => {})
  socket.on('close', () => resolve(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 'closed'))
  socket.end(input)
  return promise
}
