import type { MailWords } from '../text.ts'

/** What a mail is laid out from. */
export interface Content {
  readonly words: MailWords
  readonly greeting: string
  readonly copyLink: string
  /** Goes out as it is, unbroken. `null` in a mail without one. */
  readonly link: string | null
  /** Whom the mail is signed by. */
  readonly service: string
  readonly language: string
}

const LINE_LENGTH = 72

/** The mail as plain text: lines of 72 characters, where no word is longer; the link on a line of its own. */
export function textOf({ words, greeting, link, service }: Content): string {
  const { before, facts = [], after } = words
  const blocks = [
    greeting,
    ...before.map(wrap),
    ...(link === null ? [] : [link]),
    ...(facts.length === 0 ? [] : [facts.map(wrap).join('\n')]),
    ...after.map(wrap),
    service,
  ]
  return `${blocks.join('\n\n')}\n`
}

/**
 * The mail as HTML: one column of text, the reader's own colours, nothing from anywhere else.
 *
 * Each value is escaped. What is laid out here is fixed, so that no value can become an element.
 */
export function htmlOf({ words, greeting, copyLink, link, service, language }: Content): string {
  const { subject, before, facts = [], action = '', after } = words
  const paragraph = (text: string) => `<p>${escapeHtml(text)}</p>`
  const blocks = [
    paragraph(greeting),
    ...before.map(paragraph),
    ...(link === null
      ? []
      : [
          `<p><a href="${escapeHtml(link)}" style="display:inline-block;padding:10px 18px;border:2px solid;border-radius:6px;font-weight:bold">${escapeHtml(action)}</a></p>`,
          `<p>${escapeHtml(copyLink)}<br><span style="word-break:break-all">${escapeHtml(link)}</span></p>`,
        ]),
    ...(facts.length === 0 ? [] : [`<p>${facts.map(escapeHtml).join('<br>\n')}</p>`]),
    ...after.map(paragraph),
    paragraph(service),
  ]
  return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(subject)}</title>
</head>
<body style="margin:0;padding:24px;font-family:system-ui,sans-serif;font-size:16px;line-height:1.5">
<div style="max-width:36em;margin:0 auto">
${blocks.join('\n')}
</div>
</body>
</html>
`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it may stand between tags and in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}

/** Breaks at plain spaces alone: a no-break space stays one. */
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
