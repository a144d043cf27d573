/**
 * Cross-origin resource sharing (Fetch §3.2): only web applications on trusted origins may call the service from a browser and
 * read the answers. Origins are compared exactly: no wildcard, no pattern, no `null`.
 */
import { parseOrigins } from '../lib/origins.ts'
import type { Options } from '../options/index.ts'
import type { Incoming } from './incoming.ts'
import type { Answer, Rendered } from './responses.ts'

/** How long a browser may cache the answer to a preflight. Chromium caps this at two hours. */
const PREFLIGHT_SECONDS = 600

export interface Cors {
  /** Whether the request is a preflight from a trusted origin. */
  isPreflight(incoming: Incoming): boolean
  /** Adds the headers that let a trusted origin read the answer. */
  share(rendered: Rendered, incoming: Incoming): Rendered
}

export function createCors({ trustedOrigins }: Pick<Options, 'trustedOrigins'>): Cors {
  const trusted = parseOrigins(trustedOrigins)
  const isTrusted = (origin: string | null) => origin !== null && trusted.has(origin)
  return {
    isPreflight: (incoming) =>
      incoming.method === 'OPTIONS' &&
      incoming.header('access-control-request-method') !== null &&
      isTrusted(incoming.header('origin')),

    share(rendered, incoming) {
      if (trusted.size === 0) return rendered
      const origin = incoming.header('origin')
      // Caches must not give one origin the answer for another.
      const headers = isTrusted(origin) ? [...VARY, ...sharedWith(origin as string)] : VARY
      return { ...rendered, headers: [...rendered.headers, ...headers] }
    },
  }
}

const VARY = ['vary', 'Origin']

function sharedWith(origin: string): string[] {
  return [
    ...['access-control-allow-origin', origin],
    ...['access-control-allow-credentials', 'true'],
    ...['access-control-expose-headers', 'Retry-After'],
  ]
}

/** The answer to a preflight. */
export function preflightAnswer(allowedMethods: string): Answer {
  return {
    status: 204,
    headers: {
      'access-control-allow-methods': allowedMethods,
      'access-control-allow-headers': 'Authorization, Content-Type',
      'access-control-max-age': String(PREFLIGHT_SECONDS),
    },
  }
}
