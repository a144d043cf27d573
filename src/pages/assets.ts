import { readFileSync } from 'node:fs'
import { sha256 } from '../lib/digest.ts'
import { themeStyle } from '../lib/theme.ts'
import type { Site } from './site.ts'

/** A file that browsers keep: its name contains a hash of its content. */
export interface Asset {
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
      sourceOf('page.css') + (theme === null ? '' : themeStyle(theme)),
    ),
    script: assetOf('js', JAVASCRIPT, sourceOf('page.js')),
    linkScript: assetOf('js', JAVASCRIPT, sourceOf('link-page.js')),
    icon: assetOf('svg', 'image/svg+xml', sourceOf('icon.svg')),
    logo: logo && assetOf(logo.type === 'image/png' ? 'png' : 'svg', logo.type, logo.bytes),
  }
}

const JAVASCRIPT = 'text/javascript; charset=utf-8'

function sourceOf(name: string): string {
  return readFileSync(new URL(`./browser/${name}`, import.meta.url), 'utf8')
}

function assetOf(extension: string, type: string, content: string | Uint8Array): Asset {
  const hash = Buffer.from(sha256(content)).toString('hex').slice(0, 16)
  return { name: `${hash}.${extension}`, type, content }
}
