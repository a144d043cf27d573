/** An operator's changes to mails: the color, the logo and the sentences. */
import { readLogo } from '../lib/logo.ts'
import { readSmallFile, readTextFile, UnreadableFile } from '../lib/setting-file.ts'
import { themeOf } from '../lib/theme.ts'
import {
  InvalidTexts,
  type MailSentencesByLocale,
  REPLACED_MAX_BYTES,
  readReplaced,
} from '../text/replaced.ts'
import type { MailImage } from './index.ts'
import { DEFAULT_LOOK, LOGO_ID, LOGO_URL, type MailLook } from './look.ts'

export interface Branding {
  readonly look: MailLook
  /** The images that the look refers to. */
  readonly images: readonly MailImage[]
  /** `null`: no sentence is replaced. */
  readonly sentences: MailSentencesByLocale | null
}

/** The options of pages that also apply to mails. `logo` and `texts` are paths. Empty: not set. */
interface BrandingOptions {
  readonly accent: string
  readonly logo: string
  readonly texts: string
}

/**
 * Reads the files. The service checks them when it starts. If one has become unusable since then, mails have our own look and
 * sentences instead, because sending the mail matters more than its look.
 *
 * Mail programs do not show SVG. With an SVG logo, mails show the name of the service instead.
 */
export function openBranding({ accent, logo, texts }: BrandingOptions): Branding {
  const image = logo === '' ? null : readIfUsable(() => imageIn(logo))
  return {
    look: { ...lookOf(accent), logoUrl: image === null ? null : LOGO_URL },
    images: image === null ? [] : [image],
    sentences:
      texts === '' ? null : readIfUsable(() => readReplaced(readTextFile(texts, REPLACED_MAX_BYTES)).mail),
  }
}

function lookOf(accent: string): MailLook {
  if (accent === '') return DEFAULT_LOOK
  const { light, dark } = themeOf(accent)
  return { ...DEFAULT_LOOK, accent: light.accent, onAccent: light.onAccent, dark }
}

function imageIn(path: string): MailImage | null {
  const logo = readLogo(readSmallFile(path))
  if ('problem' in logo || logo.type !== 'image/png') return null
  return { id: LOGO_ID, type: logo.type, bytes: logo.bytes }
}

function readIfUsable<Value>(read: () => Value): Value | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof UnreadableFile || error instanceof InvalidTexts) return null
    throw error
  }
}
