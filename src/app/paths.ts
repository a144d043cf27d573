import { withoutTrailing } from '../lib/without-trailing.ts'
import type { Options } from '../options/index.ts'

/** The prefix of our paths as a browser sees them: empty, or `/auth` if BASE_URL ends with it. */
export function basePath({ baseUrl }: Pick<Options, 'baseUrl'>): string {
  return baseUrl === '' ? '' : withoutTrailing(new URL(baseUrl).pathname, '/')
}

/** The path of the home page, as a browser sees it. */
export function homePath(options: Pick<Options, 'baseUrl'>): string {
  return `${basePath(options)}/`
}
