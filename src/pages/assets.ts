import { readFileSync } from 'node:fs'
import { sha256 } from '../lib/digest.ts'
import { themeStyle } from '../lib/theme.ts'
import type { Site } from './site.ts'

/** A file that browsers keep: its name contains a hash of its content. */
interface Asset {
  readonly name: string
  readonly type: string
  readonly content: string | Uint8Array
}

/** The files of the hosted pages. */
export interface PageAssets {
  readonly style: Asset
  readonly script: Asset
  /** The script of the pages behind mailed links. */
  readonly linkScript: Asset
  readonly icon: Asset
  readonly logo: Asset | null
}

/** Reads the files. The operator's colors are part of the style, so its name changes with them. */
export function openAssets({ theme, logo }: Site): PageAssets {
  return {
    style: assetOf(
      'css',
      'text/css; charset=utf-8',
      styleOf(new URL('./browser/page.css', import.meta.url)) + (theme === null ? '' : themeStyle(theme)),
    ),
    script: assetOf('js', JAVASCRIPT, sourceOf(new URL('./browser/page.js', import.meta.url))),
    linkScript: assetOf('js', JAVASCRIPT, sourceOf(new URL('./browser/link-page.js', import.meta.url))),
    icon: assetOf('svg', 'image/svg+xml', sourceOf(new URL('./browser/icon.svg', import.meta.url))),
    logo: logo && assetOf(logo.type === 'image/png' ? 'png' : 'svg', logo.type, logo.bytes),
  }
}

const JAVASCRIPT = 'text/javascript; charset=utf-8'

/** The URLs are literals with `import.meta.url`, so that bundlers find the files. */
function sourceOf(file: URL): string {
  return readFileSync(file, 'utf8')
}

/** The style without its comments and its indentation, which are a fifth of it. */
function styleOf(file: URL): string {
  return sourceOf(file)
    .replaceAll(/\/\*.*?\*\/\n?/gs, '')
    .replaceAll(/^ +/gm, '')
}

function assetOf(extension: string, type: string, content: string | Uint8Array): Asset {
  const hash = Buffer.from(sha256(content)).toString('hex').slice(0, 16)
  return { name: `${hash}.${extension}`, type, content }
}
