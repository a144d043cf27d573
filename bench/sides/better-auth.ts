import type { EngineName } from '../place.ts'
import { plainRequest, type Side, startPeer } from './index.ts'

export function betterAuth(engine: EngineName, cookieCache: boolean): Side {
  return {
    name: cookieCache ? 'better-auth, cookie cache' : 'better-auth',
    engine,
    about: `\`toNodeHandler(auth)\` on \`node:http\`, \`GET /api/auth/get-session\`${
      cookieCache
        ? ', with its cookie cache for an hour, so no request reads the database and an ended session stays valid until then'
        : ''
    }. Its rate limit, which would answer 429, is off. Users signed up through its API.`,
    async start(place, population) {
      const databaseUrl = await place.freshDatabase(engine)
      const peer = await startPeer(place, 'better-auth.mjs', { ...population, databaseUrl, cookieCache })
      return {
        ...peer,
        request: plainRequest('/api/auth/get-session'),
        refusal: { status: 200, body: 'null' },
      }
    },
  }
}
