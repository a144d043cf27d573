import type { Logger } from '../log.ts'
import type { Options } from '../options/index.ts'
import { basePath } from './paths.ts'

/** Called for each path without a route. `null`: the path is outside of BASE_URL. */
export type MountHint = (path: string | null) => void

/**
 * Creates the function that warns, once, if an application seems to mount the service under a different path than that of
 * BASE_URL. Without the warning, its developer would only see 404. It does not log the requested path, which can contain
 * anything.
 *
 * @param isOurs - Whether a path has a route.
 */
export function createMountHint(
  options: Pick<Options, 'baseUrl'>,
  log: Logger,
  isOurs: (path: string) => boolean,
): MountHint {
  const base = basePath(options)
  let hasWarned = false
  return (path) => {
    if (hasWarned || (path !== null && (base !== '' || !isBehindPrefix(path, isOurs)))) return
    hasWarned = true
    log.warn(
      { setting: 'BASE_URL', path: base === '' ? '/' : base },
      'a request has another path than BASE_URL; if you mount the service under a path, end BASE_URL with it',
    )
  }
}

/** Whether a path is one of ours after one to three other segments. An empty segment is a mistake in the URL. */
function isBehindPrefix(path: string, isOurs: (path: string) => boolean): boolean {
  if (path.includes('//')) return false
  const segments = path.split('/')
  return [2, 3, 4].some((start) => {
    const rest = segments.slice(start)
    return rest.length > 0 && rest[0] !== '' && isOurs(`/${rest.join('/')}`)
  })
}
