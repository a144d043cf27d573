/** The look of mails: the colors of `src/pages/browser/page.css`, written into every element. */

/** The look that an operator can change. All colors have the form `#rrggbb`. */
export interface MailLook {
  /** The background of buttons, on a light card. */
  readonly accent: string
  /** The text on `accent`. Their contrast is at least 4.5. */
  readonly onAccent: string
  /** The same on a dark card. */
  readonly dark: { readonly accent: string; readonly onAccent: string }
  /** The URL of an image, shown 40 pixels high: {@link LOGO_URL}. `null`: the first letter and the name of the service. */
  readonly logoUrl: string | null
}

/** The Content-ID of the logo, which is part of the mail. */
export const LOGO_ID = 'logo@service'
/** The URL of the logo within its mail (RFC 2392), so that nothing is loaded from a server. */
export const LOGO_URL = `cid:${LOGO_ID}`

/** Our own look. */
export const DEFAULT_LOOK: MailLook = {
  accent: '#2f55d4',
  onAccent: '#ffffff',
  dark: { accent: '#93aeff', onAccent: '#0d1637' },
  logoUrl: null,
}

/** The colors that do not depend on the operator, in light and in dark mode. */
export const COLORS = {
  light: { ground: '#f2f4f9', card: '#ffffff', edge: '#e2e6ef', text: '#1a2133', quiet: '#566076' },
  dark: { ground: '#0e1118', card: '#171b25', edge: '#272d3b', text: '#e9ecf4', quiet: '#a3adc2' },
} as const
