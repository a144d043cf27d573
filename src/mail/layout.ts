import { html, raw } from 'hono/html'
import type { MailWords } from '../text/index.ts'
import { COLORS, type MailLook } from './look.ts'

/** A code that the reader enters elsewhere. */
interface CodeWords {
  /** The sentence that introduces the code. */
  readonly label: string
  /** The code in groups, such as `1234 5678`. */
  readonly digits: string
  /** A sentence after the code, or `null`. */
  readonly note: string | null
}

/** The content of a mail. */
export interface Content {
  readonly words: MailWords
  readonly greeting: string
  readonly copyLink: string
  /** Never wrapped. `null` in a mail without a link. */
  readonly link: string | null
  /** `null` in a mail without a code. */
  readonly code: CodeWords | null
  /** The signature. */
  readonly service: string
  readonly language: string
  readonly look: MailLook
}

const LINE_LENGTH = 72

/** The mail as plain text. Lines have at most 72 characters, unless a word is longer. The link has a line of its own. */
export function textOf({ words, greeting, link, code, service }: Content): string {
  const { before, facts = [], after } = words
  const blocks = [
    greeting,
    ...before.map(wrap),
    ...(link === null ? [] : [link]),
    ...(code === null ? [] : [wrap(code.label), code.digits]),
    ...(code === null || code.note === null ? [] : [wrap(code.note)]),
    ...(facts.length === 0 ? [] : [facts.map(wrap).join('\n')]),
    ...after.map(wrap),
    service,
  ]
  return `${blocks.join('\n\n')}\n`
}

// Segoe UI comes first because Outlook on Windows reads only the first name.
const FONT = 'font-family:Segoe UI,-apple-system,BlinkMacSystemFont,Roboto,Helvetica,Arial,sans-serif'
const DIGITS = 'font-family:Menlo,Consolas,Courier New,monospace'
const { ground, card, edge, text, quiet } = COLORS.light

// Each element has its whole style: some mail programs drop style sheets, and in some, tables do not inherit.
const STYLE = {
  brand: `${FONT};font-size:15px;line-height:20px;font-weight:600;color:${text};word-break:break-word`,
  heading: `margin:0 0 20px;${FONT};font-size:24px;line-height:30px;font-weight:600;color:${text}`,
  paragraph: `margin:0 0 16px;${FONT};font-size:16px;line-height:25px;color:${text};word-break:break-word`,
  fact: `margin:0;padding:3px 0;${FONT};font-size:15px;line-height:22px;color:${text};word-break:break-word`,
  quiet: `margin:0 0 12px;${FONT};font-size:14px;line-height:21px;color:${quiet};word-break:break-word`,
  box: `padding:13px 20px;background-color:${ground};border-radius:12px`,
  rule: `padding:0 0 20px;border-top:1px solid ${edge};font-size:1px;line-height:1px`,
} as const

const TABLE = raw('role="presentation" border="0" cellpadding="0" cellspacing="0"')

/**
 * The mail as HTML: a card, like the hosted pages. `html` escapes every value.
 *
 * It needs no style sheet and no image. In mail programs that read style sheets, they add dark mode and small screens.
 */
export function htmlOf(content: Content): string {
  const { words, greeting, copyLink, link, code, service, language, look } = content
  const { subject, heading, before, facts = [], action = '', after } = words
  return html`<!DOCTYPE html>
<html lang="${language}" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${subject}</title>
<style>${raw(SMALL_SCREENS)}</style>
<style>${raw(darkMode(look))}</style>
</head>
<body class="ground" style="margin:0;padding:0;background-color:${ground}">
<div style="display:none;overflow:hidden;max-height:0;font-size:1px;line-height:1px;mso-hide:all" aria-hidden="true">${before[0]}</div>
<div lang="${language}" dir="ltr">
<table ${TABLE} width="100%" class="ground" style="width:100%;background-color:${ground}"><tr><td align="center" class="around" style="padding:40px 12px">
${raw(FOR_OUTLOOK_ON_WINDOWS.start)}
<table ${TABLE} width="100%" style="width:100%;max-width:${WIDTH}px"><tr><td align="left" class="card" style="padding:36px 32px 28px;background-color:${card};border:1px solid ${edge};border-radius:16px">
${brand(service, look)}
<h1 class="text" style="${STYLE.heading}">${heading}</h1>
${[greeting, ...before].map(paragraph)}${link !== null && button(link, action, look)}${code !== null && codeBlock(code)}${facts.length > 0 && box(html`${facts.map(factLine)}`)}${after.map(link === null ? paragraph : quietly)}${link !== null && spelledOut(copyLink, link)}</td></tr>
<tr><td align="center" style="padding:20px 16px 0"><p class="quiet" style="${STYLE.quiet};margin:0;text-align:center">${service}</p></td></tr></table>
${raw(FOR_OUTLOOK_ON_WINDOWS.end)}
</td></tr></table>
</div>
</body>
</html>
`.toString()
}

const WIDTH = 560

/** Word renders mail in Outlook on Windows and does not know `max-width`. Everything else reads these as comments. */
const FOR_OUTLOOK_ON_WINDOWS = {
  start: `<!--[if mso]><table role="presentation" border="0" cellpadding="0" cellspacing="0" width="${WIDTH}"><tr><td><![endif]-->`,
  end: '<!--[if mso]></td></tr></table><![endif]-->',
} as const

function paragraph(words: string) {
  return html`<p class="text" style="${STYLE.paragraph}">${words}</p>\n`
}

function factLine(words: string) {
  return html`<p class="text fact" style="${STYLE.fact}">${words}</p>
`
}

function quietly(words: string) {
  return html`<p class="quiet" style="${STYLE.quiet}">${words}</p>\n`
}

/** The logo, with the name of the service as its alternative text. Without a logo: the name, and its first letter in a box. */
function brand(service: string, { accent, onAccent, logoUrl }: MailLook) {
  const logo = html`<img src="${logoUrl}" height="40" alt="${service}" class="text" style="${STYLE.brand};display:block;height:40px;max-width:100%;border:0">`
  const letter = html`<table ${TABLE}><tr><td align="center" valign="middle" width="40" height="40" bgcolor="${accent}" class="accent" style="width:40px;height:40px;background-color:${accent};border-radius:12px;${FONT};font-size:18px;line-height:40px;font-weight:600;color:${onAccent}" aria-hidden="true">${firstLetter(service)}</td>
<td valign="middle" class="text" style="padding:0 0 0 12px;${STYLE.brand}">${service}</td></tr></table>`
  return html`<table ${TABLE} width="100%" style="width:100%"><tr><td style="padding:0 0 28px">${logoUrl === null ? letter : logo}</td></tr></table>`
}

function firstLetter(service: string): string {
  return /[\p{L}\p{N}]/u.exec(service)?.[0].toUpperCase() ?? '·'
}

/** A cell with a background, because Outlook on Windows ignores the padding of links. */
function button(link: string, action: string, { accent, onAccent }: MailLook) {
  return html`<table ${TABLE} class="wide"><tr><td align="center" bgcolor="${accent}" class="accent" style="background-color:${accent};border-radius:12px;mso-padding-alt:14px 28px"><a href="${link}" class="on-accent" style="display:inline-block;padding:14px 28px;${FONT};font-size:16px;line-height:20px;font-weight:600;color:${onAccent};text-decoration:none">${action}</a></td></tr></table>
${SPACE}`
}

function spelledOut(copyLink: string, link: string) {
  return html`<table ${TABLE} width="100%" style="width:100%"><tr><td style="padding:8px 0 0"><table ${TABLE} width="100%" style="width:100%"><tr><td class="rule" style="${STYLE.rule}">&nbsp;</td></tr></table>
<p class="quiet" style="${STYLE.quiet}">${copyLink}<br>
<span class="text" style="color:${text};word-break:break-all">${link}</span></p></td></tr></table>
`
}

function codeBlock({ label, digits, note }: CodeWords) {
  return html`${paragraph(label)}${box(html`<p class="text" style="margin:0;${DIGITS};font-size:28px;line-height:36px;font-weight:700;letter-spacing:2px;text-align:center;white-space:nowrap;color:${text}">${digits}</p>`)}${note !== null && quietly(note)}`
}

function box(body: ReturnType<typeof html>) {
  return html`<table ${TABLE} width="100%" style="width:100%"><tr><td class="ground" style="${STYLE.box}">${body}</td></tr></table>
${SPACE}`
}

/** A gap below a table. Outlook on Windows ignores the margins of tables. */
const SPACE = html`<table ${TABLE}><tr><td height="24" style="height:24px;font-size:1px;line-height:1px">&nbsp;</td></tr></table>
`

const SMALL_SCREENS = `
@media (max-width: 480px) {
  .around { padding: 12px 8px 24px !important }
  .card { padding: 28px 20px 20px !important }
  .wide { width: 100% !important }
}
`

function darkMode({ dark: { accent, onAccent } }: MailLook): string {
  const { ground, card, edge, text, quiet } = COLORS.dark
  return `
:root { color-scheme: light dark }
@media (prefers-color-scheme: dark) {
  .ground { background-color: ${ground} !important }
  .card { background-color: ${card} !important; border-color: ${edge} !important }
  .rule { border-color: ${edge} !important }
  .text { color: ${text} !important }
  .quiet { color: ${quiet} !important }
  .accent { background-color: ${accent} !important; color: ${onAccent} !important }
  .on-accent { color: ${onAccent} !important }
}
`
}

/** Breaks lines only at plain spaces, so that a no-break space keeps words together. */
function wrap(text: string): string {
  const [first = '', ...rest] = text.split(' ')
  const lines = [first]
  for (const word of rest) {
    const line = `${lines.at(-1)} ${word}`
    if (line.length > LINE_LENGTH) lines.push(word)
    else lines[lines.length - 1] = line
  }
  return lines.join('\n')
}
