import type { Route } from './handlers.ts'

/** Where a request leads. */
export interface Match {
  /** As the contract has it, with its parameters in braces. */
  readonly path: string
  /** `null` where the path is there and the method is not. */
  readonly route: Route | null
  readonly params: Readonly<Record<string, string>>
  /** The methods that the path has, as `Allow` lists them. */
  readonly allow: string
}

/** The routes of one path. */
interface Place {
  readonly path: string
  readonly segments: readonly string[]
  readonly byMethod: ReadonlyMap<string, Route>
  readonly allow: string
}

const NO_PARAMS = {}

/**
 * Finds routes by method and path; `null` where no route has the path. HEAD leads where GET does. A path
 * without parameters is found before one with them.
 */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match | null {
  const places = [...Map.groupBy(routes, ({ operation }) => operation.path)].map(placeOf)
  const fixed = new Map(places.map((place) => [place.path, place]))
  const open = places.filter(({ path }) => path.includes('{'))

  return (method, path) => {
    const place = fixed.get(path)
    if (place !== undefined && !open.includes(place)) return matchAt(place, method, NO_PARAMS)
    for (const candidate of open) {
      const params = paramsIn(candidate.segments, path.split('/'))
      if (params !== null) return matchAt(candidate, method, params)
    }
    return null
  }
}

function placeOf([path, routes]: [path: string, routes: readonly Route[]]): Place {
  const methods = routes.map(({ operation }) => operation.method)
  return {
    path,
    segments: path.split('/'),
    byMethod: new Map(routes.map((route) => [route.operation.method, route])),
    allow: [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', '),
  }
}

function matchAt({ path, byMethod, allow }: Place, method: string, params: Match['params']): Match {
  return { path, allow, params, route: byMethod.get(method === 'HEAD' ? 'GET' : method) ?? null }
}

/** What stands in a path where the pattern has names in braces, or `null` where it is another path. */
function paramsIn(pattern: readonly string[], segments: readonly string[]): Record<string, string> | null {
  if (pattern.length !== segments.length) return null
  const params: Record<string, string> = {}
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] ?? ''
    const name = /^\{(\w+)\}$/.exec(expected)?.[1]
    if (name === undefined ? segment !== expected : segment === '') return null
    if (name !== undefined) params[name] = segment
  }
  return params
}
