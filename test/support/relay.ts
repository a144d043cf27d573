import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { OnEnd } from './system.ts'

/** A TCP relay to a server on 127.0.0.1, with which a test simulates network failures. */
interface Relay {
  readonly port: number
  /** Resets every connection and refuses new ones, as if the server had stopped. */
  cut(): void
  /**
   * Cuts once, when a client sends `said`. With `lost: 'request'`, it never arrives. With `lost: 'answer'`, it arrives, and the
   * server's answer is lost. With `after`, waits until a client has sent that first. Resolves when the cut has happened.
   */
  cutAt(said: string, details: { lost: 'request' | 'answer'; after?: string }): Promise<void>
  /**
   * Silently drops all data on the open connections, as a lost route does. New connections work.
   *
   * @returns The number of frozen connections.
   */
  freeze(): number
  /** Accepts connections again after `cut`. */
  restore(): Promise<void>
  /** Connects new connections to another port of 127.0.0.1. `null`: they stay open, and nothing answers. */
  redirect(port: number | null): void
}

/** Starts a relay to a port of 127.0.0.1. */
export async function startRelay(targetPort: number, onEnd: OnEnd = onTestFinished): Promise<Relay> {
  let towards: number | null = targetPort
  const sockets = new Set<Socket>()
  let trap: { said: string; lost: 'request' | 'answer'; after: string; sprung: () => void } | undefined

  const server = createServer((client) => {
    if (towards === null) return void sockets.add(client.on('error', () => {}).resume())
    const target = connect(towards, '127.0.0.1')
    let isLost = false
    for (const socket of [client, target]) {
      sockets.add(socket)
      socket.setNoDelay()
      // When either end closes, close the other.
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        target.destroy()
      })
    }
    client.on('data', (chunk) => {
      if (trap !== undefined && chunk.includes(trap.after)) trap.after = ''
      const sprung = trap?.after === '' && chunk.includes(trap.said) ? trap : undefined
      if (sprung?.lost === 'request') return spring(sprung)
      isLost ||= sprung !== undefined
      target.write(chunk)
    })
    target.on('data', (chunk) => {
      if (isLost && trap !== undefined) return spring(trap)
      client.write(chunk)
    })
  })

  function spring({ sprung }: { sprung: () => void }): void {
    trap = undefined
    cut()
    sprung()
  }

  function cut(): void {
    server.close()
    for (const socket of sockets) socket.resetAndDestroy()
  }

  async function listen(port: number): Promise<void> {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }

  await listen(0)
  const { port } = server.address() as AddressInfo
  onEnd(cut)
  return {
    port,
    cut,
    cutAt(said, { lost, after = '' }) {
      const { promise, resolve } = Promise.withResolvers<void>()
      trap = { said, lost, after, sprung: resolve }
      return promise
    },
    freeze() {
      for (const socket of sockets) socket.removeAllListeners('data').resume()
      return sockets.size / 2
    },
    restore: () => listen(port),
    redirect(to) {
      towards = to
    },
  }
}
