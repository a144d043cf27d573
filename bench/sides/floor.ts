import type { EngineName } from '../place.ts'
import { plainRequest, type Side, startPeer } from './index.ts'

/** The minimum work of a session check. Every side is compared with it. */
export function floor(engine: EngineName): Side {
  const driver =
    engine === 'sqlite' ? 'one prepared `node:sqlite` statement' : 'one named statement of `pg` (pool of 10)'
  return {
    name: 'floor',
    engine,
    about: `Bare \`node:http\`: reads the cookie, ${driver} by primary key on one table that also has the address, SHA-256, comparison in constant time, expiry, JSON. No routing, no log, no security headers, no check of \`Host\`, no idle limit, no other routes.`,
    async start(place, population) {
      const databaseUrl = await place.freshDatabase(engine)
      const peer = await startPeer(place, 'floor.ts', { ...population, databaseUrl })
      return { ...peer, request: plainRequest('/profile'), refusal: { status: 403 } }
    },
  }
}
