import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readLogo } from './logo.ts'

/** A PNG of one pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const svg = (content: string, attributes = '') =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"${attributes}>${content}</svg>`)
const refusalOf = (file: Buffer) => {
  const logo = readLogo(file)
  return 'problem' in logo ? logo.problem : null
}

describe('readLogo', () => {
  it('recognizes a PNG and an SVG by their content, and names them by their hash', () => {
    const hash = createHash('sha256').update(PNG).digest('base64url')
    expect(readLogo(PNG)).toEqual({ bytes: new Uint8Array(PNG), type: 'image/png', hash })
    expect(readLogo(svg('<path d="M0 0h9v9z"/>'))).toMatchObject({ type: 'image/svg+xml' })
  })

  it.each([
    '<?xml version="1.0" encoding="UTF-8"?>\n<!-- Made with Inkscape -->\n',
    '\ufeff',
    '<?xml version="1.0"?><?xml version="1.0"?>',
    '  \n',
  ])('accepts an SVG that begins with %j', (start) => {
    expect(refusalOf(Buffer.from(`${start}${svg('')}`))).toBeNull()
  })

  it.each([
    '<defs><linearGradient id="a"/></defs><path fill="url(#a)" d="M0 0"/>',
    '<path style="fill:url( \'#a\' )" d="M0 0"/>',
    '<g id="a"/><use href="#a"/><use xlink:href = "#a"/>',
    '<style>.a{fill:#123456}</style><path class="a" d="M0 0"/>',
    '<style><![CDATA[.a > .b {fill:#123456}]]></style>',
    '<title>Fish &amp; Chips: on = off</title>',
    '<text font-family="sans-serif" description="one">Zoé</text>',
    '<sodipodi:namedview pagecolor="#ffffff" showgrid="false"/>',
  ])('accepts an SVG with %s', (content) => {
    expect(refusalOf(svg(content))).toBeNull()
  })

  it.each([
    ['<script>alert(1)</script>', 'a script'],
    ['<svg:script xmlns:svg="http://www.w3.org/2000/svg"/>', 'a script'],
    ['<SCRIPT/>', 'a script'],
    ['<!-- <script> -->', 'a script'],
    ['<foreignObject/>', 'another kind'],
    ['<x:iframe xmlns:x="http://www.w3.org/1999/xhtml"/>', 'another kind'],
    ['<g onload="alert(1)"/>', 'an event handler'],
    ['<g\nonclick = "alert(1)"/>', 'an event handler'],
    ['<g id="a"onclick="alert(1)"/>', 'an event handler'],
    ['<g/onclick="alert(1)"/>', 'an event handler'],
    ['<image href="https://evil.example/a.png"/>', 'a reference'],
    ['<image xlink:href="a.png"/>', 'a reference'],
    ['<image href="data:image/svg+xml,%3Csvg/%3E"/>', 'a reference'],
    ['<a href="javascript:alert(1)"/>', 'a reference'],
    ['<a href=" #a"/>', 'a reference'],
    ['<g xml:base="https://evil.example/"/>', 'a reference'],
    ['<path fill="url(https://evil.example/a.svg#a)"/>', 'a style'],
    ['<path style="fill:URL(\'//evil.example\')"/>', 'a style'],
    ['<style>@import "https://evil.example";</style>', 'a style'],
    ['<style>a{background:image-set("https://evil.example/a.png" 1x)}</style>', 'a style'],
    ['<style>a{background:u\\72l(https://evil.example)}</style>', 'an escape'],
    ['<path style="fill:&#117;rl(//evil.example)"/>', 'an escape'],
    ['<path fill="&evil;"/>', 'an escape'],
    ['<set attributeName="href" to="javascript:alert(1)"/>', 'an animation'],
    ['<set attributeName="onclick" to="alert(1)"/>', 'an animation'],
    ['<?xml-stylesheet href="https://evil.example/a.css"?>', 'a processing instruction'],
  ])('refuses an SVG with %s', (content, problem) => {
    expect(refusalOf(svg(content))).toContain(problem)
  })

  it('refuses event handlers of the root, document types, entities and other encodings', () => {
    expect(refusalOf(svg('', ' onload="alert(1)"'))).toContain('an event handler')
    const refusedAfter = (start: string) => refusalOf(Buffer.from(`<!-- -->${start}${svg('')}`))
    expect(refusedAfter('<!DOCTYPE svg SYSTEM "https://evil.example/a.dtd">')).toContain('a document type')
    expect(refusedAfter('<!doctype svg [<!ENTITY a "b">]>')).toContain('a document type')
    expect(refusedAfter('<?xml version="1.0" encoding="UTF-7"?>')).toContain('an encoding')
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a JPEG', Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
    ['HTML', Buffer.from('<!doctype html><svg></svg>')],
    ['text', Buffer.from('svg')],
    ['the name of an SVG in a comment', Buffer.from('<!-- svg -->')],
    ['UTF-16', Buffer.from('\ufeff<svg></svg>', 'utf16le')],
    ['a NUL', svg('\0')],
  ])('refuses %s', (_, file) => {
    expect(refusalOf(file)).toBe('is neither a PNG nor an SVG file')
  })
})
