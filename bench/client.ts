/** An HTTP client on `node:http`. It reads answers, and serves as a load generator if no other is installed. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** A request. Header names are capitalized as usual, which wrk needs. A `Host` header replaces that of the URL. */
export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The time from sending the request to the end of the answer. */
  readonly ms: number
}

/** Sends requests to one server over persistent connections. */
export interface Client {
  send(request: Request): Promise<Answer>
  close(): void
}

/** @param origin - Such as `http://127.0.0.1:5000`. */
export function createClient(origin: string): Client {
  const agent = new Agent({ keepAlive: true })
  return {
    send: ({ method, path, headers, body = '' }) =>
      new Promise((resolve, reject) => {
        const started = performance.now()
        const outgoing = request(`${origin}${path}`, { method, agent, headers }, async (incoming) => {
          try {
            const answered = await text(incoming)
            const { statusCode = 0, headers } = incoming
            resolve({ status: statusCode, headers, body: answered, ms: performance.now() - started })
          } catch (error) {
            reject(error)
          }
        })
        outgoing.on('error', reject)
        outgoing.end(body)
      }),
    close: () => agent.destroy(),
  }
}

/** A form request, as the classic clients send it. */
export function form(path: string, fields: Record<string, string>, headers: Record<string, string>): Request {
  const body = new URLSearchParams(fields).toString()
  const type = 'application/x-www-form-urlencoded'
  const length = String(Buffer.byteLength(body))
  return {
    method: 'POST',
    path,
    headers: { ...headers, 'Content-Type': type, 'Content-Length': length },
    body,
  }
}
