import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** The network between a client and its server on 127.0.0.1, for a test to cut. */
interface Relay {
  readonly port: number
  /** Ends every connection and takes none any more, as a server that is gone. */
  cut(): void
  /**
   * Cuts once: where a client says this, which then never arrives; with `lost: 'answer'` it does, and what the
   * server says to it is lost. With `after`, it waits until a client has said that first. Resolves when it has happened.
   */
  cutAt(said: string, details: { lost: 'request' | 'answer'; after?: string }): Promise<void>
  /**
   * Lets every connection there is swallow whatever is sent, in silence, as a lost route does. New ones work.
   *
   * @returns How many there are.
   */
  freeze(): number
  /** Takes connections again, as a server that is back. */
  restore(): Promise<void>
}

/** Starts a relay to a port of 127.0.0.1, on a port of its own. */
export async function startRelay(targetPort: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  let trap: { said: string; lost: 'request' | 'answer'; after: string; sprung: () => void } | undefined

  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1')
    let isLost = false
    for (const socket of [client, target]) {
      sockets.add(socket)
      socket.setNoDelay()
      // Either end may go first; the other goes with it.
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
  onTestFinished(cut)
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
  }
}
