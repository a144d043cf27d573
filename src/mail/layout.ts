import { html } from 'hono/html'
import type { MailWords } from '../text/index.ts'

/** The content of a mail. */
export interface Content {
  readonly words: MailWords
  readonly greeting: string
  readonly copyLink: string
  /** Never wrapped. `null` in a mail without a link. */
  readonly link: string | null
  /** A code, with the sentence that introduces it. `null` in a mail without a code. */
  readonly code: { readonly intro: string; readonly digits: string } | null
  /** The signature. */
  readonly service: string
  readonly language: string
}

const LINE_LENGTH = 72

/** The mail as plain text. Lines have at most 72 characters, except for longer words; the link has its own line. */
export function textOf({ words, greeting, link, code, service }: Content): string {
  const { before, facts = [], after } = words
  const blocks = [
    greeting,
    ...before.map(wrap),
    ...(link === null ? [] : [link]),
    ...(code === null ? [] : [wrap(code.intro), code.digits]),
    ...(facts.length === 0 ? [] : [facts.map(wrap).join('\n')]),
    ...after.map(wrap),
    service,
  ]
  return `${blocks.join('\n\n')}\n`
}

/** The mail as HTML: one column, in the reader's colors, without external resources. `html` escapes every value. */
export function htmlOf({ words, greeting, copyLink, link, code, service, language }: Content): string {
  const { subject, before, facts = [], action = '', after } = words
  const paragraph = (text: string) => html`<p>${text}</p>\n`
  const button = html`<p><a href="${link}" style="display:inline-block;padding:10px 18px;border:2px solid;border-radius:6px;font-weight:bold">${action}</a></p>
<p>${copyLink}<br><span style="word-break:break-all">${link}</span></p>
`
  const codeBlock = html`<p>${code?.intro}<br><strong style="font-size:24px;letter-spacing:1px">${code?.digits}</strong></p>
`
  const lines = facts.map((fact, index) => html`${index > 0 && html`<br>\n`}${fact}`)
  return html`<!DOCTYPE html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${subject}</title>
</head>
<body style="margin:0;padding:24px;font-family:system-ui,sans-serif;font-size:16px;line-height:1.5">
<div style="max-width:36em;margin:0 auto">
${paragraph(greeting)}${before.map(paragraph)}${link !== null && button}${code !== null && codeBlock}${lines.length > 0 && html`<p>${lines}</p>\n`}${after.map(paragraph)}${paragraph(service)}</div>
</body>
</html>
`.toString()
}

/** Breaks lines only at plain spaces, so that a no-break space keeps its words together. */
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
