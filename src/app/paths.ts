import type { Options } from '../options/index.ts'

/** The prefix of our paths as a browser sees them: empty, or `/auth` if BASE_URL ends with it. */
export function basePath({ baseUrl }: Pick<Options, 'baseUrl'>): string {
  return baseUrl === '' ? '' : new URL(baseUrl).pathname.replace(/\/+$/, '')
}

/** The path of the home page, as a browser sees it. */
export function homePath(options: Pick<Options, 'baseUrl'>): string {
  return `${basePath(options)}/`
}
