import { withoutTrailing } from '../lib/without-trailing.ts'
import type { Options } from '../options/index.ts'
import { type Incoming, pathOf } from './incoming.ts'

/** The prefix of our paths as a browser sees them: empty, or `/auth` if BASE_URL ends with it. */
export function basePath({ baseUrl }: Pick<Options, 'baseUrl'>): string {
  return baseUrl === '' ? '' : withoutTrailing(new URL(baseUrl).pathname, '/')
}

/** The path of the home page, as a browser sees it. */
export function homePath(options: Pick<Options, 'baseUrl'>): string {
  return `${basePath(options)}/`
}

/** The path of a request within the service, without the path of BASE_URL. `null`: the request is outside of BASE_URL. */
export type Locate = (incoming: Pick<Incoming, 'target' | 'originalTarget'>) => string | null

/**
 * Creates the function that locates requests. Proxies and some frameworks remove the path of BASE_URL, or part of it, before they
 * pass a request on. So a path without it counts as inside, unless a framework removed a different path.
 */
export function createLocator(options: Pick<Options, 'baseUrl'>): Locate {
  const base = basePath(options)
  if (base === '') return ({ target }) => pathOf(target)
  return ({ target, originalTarget = target }) => {
    const original = pathOf(originalTarget)
    const inside = pathInside(base, original)
    if (inside !== null) return inside
    const path = pathOf(target)
    return base.endsWith(removedFrom(original, path)) ? path : null
  }
}

/** The prefix that a framework removed from a path. Frameworks leave at least a slash. */
function removedFrom(original: string, path: string): string {
  return path === '/' ? original.replace(/\/$/, '') : original.slice(0, original.length - path.length)
}

function pathInside(base: string, path: string): string | null {
  if (path === base) return '/'
  return path.startsWith(`${base}/`) ? path.slice(base.length) : null
}
