import type { EngineName } from '../place.ts'
import { plainRequest, type Side, startPeer } from './index.ts'

export function express(engine: EngineName): Side {
  const store =
    engine === 'sqlite'
      ? 'a store of twenty lines on `node:sqlite`, because the published ones need native modules'
      : '`connect-pg-simple`, without its write at every request (`disableTouch`)'
  return {
    name: 'express-session, passport',
    engine,
    about: `Express 5, \`express-session\` with ${store}, \`passport\` with \`passport-local\`: a read of the session, a read of the user. Nothing is written, which is faster than the default.`,
    async start(place, population) {
      const databaseUrl = await place.freshDatabase(engine)
      const peer = await startPeer(place, 'express.mjs', { ...population, databaseUrl })
      return { ...peer, request: plainRequest('/profile'), refusal: { status: 403 } }
    },
  }
}
