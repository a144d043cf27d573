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
  /** The script of every page except those that mailed links open. */
  readonly script: Asset
  /** For pages with new passwords, times or recovery codes. */
  readonly moreScript: Asset
  /** For pages that ask for passkeys. */
  readonly passkeyScript: Asset
  /** For pages that tell password managers about passkeys. */
  readonly signalScript: Asset
  /** The script of the pages that mailed links open. */
  readonly linkScript: Asset
  readonly icon: Asset
  readonly logo: Asset | null
}

/** Reads the files. The operator's colors are part of the style sheet, so its name changes with them. */
export function openAssets({ theme, logo }: Site): PageAssets {
  return {
    style: assetOf(
      'css',
      'text/css; charset=utf-8',
      styleOf(new URL('./browser/page.css', import.meta.url)) + (theme === null ? '' : themeStyle(theme)),
    ),
    script: scriptOf(new URL('./browser/page.js', import.meta.url)),
    moreScript: scriptOf(new URL('./browser/more.js', import.meta.url)),
    passkeyScript: scriptOf(new URL('./browser/passkeys.js', import.meta.url)),
    signalScript: scriptOf(new URL('./browser/signals.js', import.meta.url)),
    linkScript: scriptOf(new URL('./browser/link-page.js', import.meta.url)),
    icon: assetOf('svg', 'image/svg+xml', sourceOf(new URL('./browser/icon.svg', import.meta.url))),
    logo: logo && assetOf(logo.type === 'image/png' ? 'png' : 'svg', logo.type, logo.bytes),
  }
}

/** Callers build the URL from a literal and `import.meta.url`, so that bundlers find the file. */
function sourceOf(file: URL): string {
  return readFileSync(file, 'utf8')
}

/** The style sheet without comments and needless spaces, which are a fifth of it. */
function styleOf(file: URL): string {
  return sourceOf(file)
    .replaceAll(/\/\*.*?\*\/\n?/gs, '')
    .replaceAll(/^\s+/gm, '')
    .replaceAll(': ', ':')
    .replaceAll(' {\n', '{')
}

/** A script without comments and indentation. Our scripts have no string that spans lines or looks like a comment. */
function scriptOf(file: URL): Asset {
  const source = sourceOf(file)
    .replaceAll(/\/\*\*.*?\*\/ ?/gs, '')
    .replaceAll(/^ *\/\/ .*$/gm, '')
    .replaceAll(/^\s+/gm, '')
  return assetOf('js', 'text/javascript; charset=utf-8', source)
}

function assetOf(extension: string, type: string, content: string | Uint8Array): Asset {
  const hash = Buffer.from(sha256(content)).toString('hex').slice(0, 16)
  return { name: `${hash}.${extension}`, type, content }
}
