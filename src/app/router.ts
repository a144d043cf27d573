import type { Route } from './handlers.ts'

/** The routes whose path matches a request. */
export interface Match {
  /** The path in the contract, with its parameters in braces. */
  readonly path: string
  /** `null` if the path has no route for the method. */
  readonly route: Route | null
  readonly params: Readonly<Record<string, string>>
  /** The methods of the path, for the `Allow` header. */
  readonly allow: string
}

/** The routes of one path. */
interface PathRoutes {
  readonly path: string
  readonly segments: readonly string[]
  readonly byMethod: ReadonlyMap<string, Route>
  readonly allow: string
}

const NO_PARAMS = {}

/**
 * Creates a function that finds a route by method and path, or returns `null` if no route has the path. HEAD finds the
 * route of GET. A path without parameters takes precedence.
 */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match | null {
  const paths = [...Map.groupBy(routes, ({ operation }) => operation.path)].map(pathRoutesOf)
  const byPath = new Map(paths.map((pathRoutes) => [pathRoutes.path, pathRoutes]))
  const patterns = paths.filter(({ path }) => path.includes('{'))

  return (method, path) => {
    const exact = byPath.get(path)
    if (exact !== undefined && !patterns.includes(exact)) return matchAt(exact, method, NO_PARAMS)
    for (const pattern of patterns) {
      const params = paramsIn(pattern.segments, path.split('/'))
      if (params !== null) return matchAt(pattern, method, params)
    }
    return null
  }
}

function pathRoutesOf([path, routes]: [path: string, routes: readonly Route[]]): PathRoutes {
  const methods = routes.map(({ operation }) => operation.method)
  return {
    path,
    segments: path.split('/'),
    byMethod: new Map(routes.map((route) => [route.operation.method, route])),
    allow: [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', '),
  }
}

function matchAt({ path, byMethod, allow }: PathRoutes, method: string, params: Match['params']): Match {
  return { path, allow, params, route: byMethod.get(method === 'HEAD' ? 'GET' : method) ?? null }
}

/** The parameters of a path, or `null` if it does not match the pattern. */
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
