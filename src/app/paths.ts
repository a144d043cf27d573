import type { Options } from '../options/index.ts'

/** Where our paths begin as a browser sees them: `''`, or `/auth` where BASE_URL ends so. */
export function basePath({ baseUrl }: Pick<Options, 'baseUrl'>): string {
  return baseUrl === '' ? '' : new URL(baseUrl).pathname.replace(/\/+$/, '')
}

/** The path of the home page, as a browser sees it. */
export function homePath(options: Pick<Options, 'baseUrl'>): string {
  return `${basePath(options)}/`
}
