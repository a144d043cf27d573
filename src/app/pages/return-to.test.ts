import { describe, expect, it } from 'vitest'
import { createReturnTargets } from './return-to.ts'

const OPTIONS = {
  baseUrl: 'https://auth.example.com/auth',
  returnOrigins: 'https://app.example.com,https://shop.example.com:8443',
  trustedOrigins: 'https://trusted.example.com',
}

describe('return_to [API-18]', () => {
  const targetOf = createReturnTargets(OPTIONS)

  it.each([
    '/',
    '/account',
    '/auth/account/email?lang=de#top',
    '/search?q=//evil.example',
    '/%2f%2fevil.example',
    '/%5cevil.example',
    'https://app.example.com/',
    'https://app.example.com/a?b=c#d',
    'https://shop.example.com:8443/cart',
    'https://auth.example.com/other',
    'HTTPS://APP.EXAMPLE.COM/Path',
  ])('leads to %s', (text) => {
    const target = targetOf(text)
    expect(target).not.toBeNull()
    const url = new URL(target ?? '', 'https://auth.example.com')
    expect([
      'https://auth.example.com',
      'https://app.example.com',
      'https://shop.example.com:8443',
    ]).toContain(url.origin)
    expect(url.href).toBe(new URL(text, 'https://auth.example.com').href)
  })

  it.each([
    [''],
    ['account'],
    ['//evil.example'],
    ['///evil.example'],
    ['/\\evil.example'],
    ['\\/evil.example'],
    ['\\\\evil.example'],
    ['/.//evil.example'],
    ['/..//evil.example'],
    ['/a/..//evil.example'],
    ['/%2e//evil.example'],
    ['/%2e%2e//evil.example'],
    ['%2f%2fevil.example'],
    ['https:evil.example'],
    ['https:/evil.example'],
    ['https:\\\\evil.example'],
    ['https://evil.example'],
    ['http://app.example.com/'],
    ['https://app.example.com.evil.example/'],
    ['https://app.example.com@evil.example/'],
    ['https://app.example.com:443@evil.example/'],
    ['https://user@app.example.com/'],
    ['https://user:password@app.example.com/'],
    ['https://app.example.com:8443/'],
    ['https://shop.example.com/'],
    ['https://evilapp.example.com/'],
    ['https://sub.app.example.com/'],
    ['https://app.example.com\u3002evil.example/'],
    // With returnOrigins, the trusted origins no longer count.
    ['https://trusted.example.com/'],
    ['javascript:alert(1)'],
    ['JaVaScRiPt:alert(1)'],
    ['data:text/html,<script>alert(1)</script>'],
    ['blob:https://app.example.com/1'],
    ['view-source:https://app.example.com/'],
    ['mailto:a@app.example.com'],
    ['/\t/evil.example'],
    ['/\n/evil.example'],
    ['/\r\n/evil.example'],
    ['\t//evil.example'],
    [' //evil.example'],
    ['/ok\r\nSet-Cookie: a=b'],
    ['/\0/evil.example'],
    ['java\nscript:alert(1)'],
    [`/${'x'.repeat(3_072)}`],
    [`https://app.example.com/${'x'.repeat(3_072)}`],
  ])('does not lead to %j', (text) => {
    expect(targetOf(text)).toBeNull()
  })

  it('leads nowhere without a value', () => {
    expect([targetOf(null), targetOf(undefined)]).toEqual([null, null])
  })

  it('falls back to the trusted origins', () => {
    const trusted = createReturnTargets({ ...OPTIONS, returnOrigins: '' })
    expect(trusted('https://trusted.example.com/a')).toBe('https://trusted.example.com/a')
    expect(trusted('https://app.example.com/a')).toBeNull()
  })

  it('leads only to paths if there is no base URL and no origin', () => {
    const local = createReturnTargets({ baseUrl: '', returnOrigins: '', trustedOrigins: '' })
    expect(local('/a')).toBe('/a')
    for (const text of ['https://here.invalid/a', 'https://evil.example/', '//here.invalid/a'])
      expect(local(text)).toBeNull()
  })
})
