import type { EngineName } from '../place.ts'
import { plainRequest, type Side, startPeer } from './index.ts'

/** The minimum work of a session check. Every side is compared with it. */
export function floor(engine: EngineName): Side {
  const driver =
    engine === 'sqlite' ? 'one prepared `node:sqlite` statement' : 'one named statement of `pg` (pool of 10)'
  return bareServer('floor', engine, driver)
}

/** The same program in a second process. Its distance from the floor is the noise of the machine. */
export function secondFloor(engine: EngineName): Side {
  const about =
    'The same program as the floor, in a second process: how far it is from 1.00 is the noise of the machine.'
  return { ...floor(engine), name: SECOND_FLOOR, about }
}

/** The name of {@link secondFloor}. */
export const SECOND_FLOOR = 'floor, again'

/** The same with one connection of PostgreSQL on which reads do not wait for each other. */
export function pipelinedFloor(): Side {
  const driver = 'one named statement of `pg` (one client with `pipeline: true`)'
  return bareServer('pipelined floor', 'postgres', driver, { isPipelined: true })
}

function bareServer(name: string, engine: EngineName, driver: string, settings = {}): Side {
  return {
    name,
    engine,
    about: `Bare \`node:http\`: reads the cookie, ${driver} by primary key on one table that also has the address, SHA-256, comparison in constant time, expiry, JSON. No routing, no log, no security headers, no check of \`Host\`, no idle limit, no other routes.`,
    async start(place, population) {
      const databaseUrl = await place.freshDatabase(engine)
      const peer = await startPeer(place, 'floor.ts', { ...population, ...settings, databaseUrl })
      return { ...peer, request: plainRequest('/profile'), refusal: { status: 403 } }
    },
  }
}
