import { expect, it } from 'vitest'
import { acceptsHtml } from './accept.ts'

it.each([
  'text/html',
  'TEXT/HTML',
  ' text/html ; level=1',
  'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'text/html;q=0.001',
  'application/json;q=0.5, text/html',
  'application/json;q=0.5, text/html;Q=0.5',
  'text/html;q=0, text/html;q=0.1',
  'application/problem+json, text/html;q=0.1',
])('%j asks for HTML', (accept) => {
  expect(acceptsHtml(accept)).toBe(true)
})

it.each([
  null,
  '',
  '*/*',
  'text/*',
  'application/json',
  'text/html-sandboxed',
  'text/html;q=0',
  'text/html; q=0.000, */*',
  'application/json, text/html;q=0.9',
  'text/html;q=0.2, application/json;q=0.3, */*;q=0.1',
  'Application/JSON; charset=utf-8, text/html;level=1;q=0.5',
  'text/html;q=high',
])('%j does not', (accept) => {
  expect(acceptsHtml(accept)).toBe(false)
})
