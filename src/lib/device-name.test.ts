import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deviceName } from './device-name.ts'

const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)'
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)'
const LINUX = 'Mozilla/5.0 (X11; Linux x86_64)'
const ANDROID = 'Mozilla/5.0 (Linux; Android 14; Pixel 8)'
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)'
const IPAD = 'Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X)'
const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const APPLE = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'

describe('deviceName', () => {
  it.each([
    [`${WINDOWS} ${WEBKIT} Chrome/131.0.0.0 Safari/537.36`, 'Chrome', 'Windows'],
    [`${MAC} ${WEBKIT} Chrome/131.0.0.0 Safari/537.36`, 'Chrome', 'macOS'],
    [`${LINUX} ${WEBKIT} Chrome/131.0.0.0 Safari/537.36`, 'Chrome', 'Linux'],
    [`${LINUX} ${WEBKIT} HeadlessChrome/131.0.0.0 Safari/537.36`, null, 'Linux'],
    [
      'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/131.0 Safari/537.36',
      'Chrome',
      'ChromeOS',
    ],
    [`${ANDROID} ${WEBKIT} Chrome/131.0.0.0 Mobile Safari/537.36`, 'Chrome', 'Android'],
    [`${IPHONE} ${APPLE} CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1`, 'Chrome', 'iPhone'],
    [`${WINDOWS} ${WEBKIT} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.51`, 'Edge', 'Windows'],
    [`${WINDOWS} ${WEBKIT} Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763`, 'Edge', 'Windows'],
    [`${ANDROID} ${WEBKIT} Chrome/131.0 Mobile Safari/537.36 EdgA/131.0`, 'Edge', 'Android'],
    [`${IPHONE} ${APPLE} Version/18.0 EdgiOS/131.0 Mobile/15E148 Safari/604.1`, 'Edge', 'iPhone'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0',
      'Firefox',
      'Windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0',
      'Firefox',
      'macOS',
    ],
    ['Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0', 'Firefox', 'Linux'],
    ['Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0', 'Firefox', 'Android'],
    [`${IPHONE} ${APPLE} FxiOS/133.0 Mobile/15E148 Safari/605.1.15`, 'Firefox', 'iPhone'],
    [`${MAC} ${APPLE} Version/18.1 Safari/605.1.15`, 'Safari', 'macOS'],
    [`${IPHONE} ${APPLE} Version/18.1 Mobile/15E148 Safari/604.1`, 'Safari', 'iPhone'],
    [`${IPAD} ${APPLE} Version/17.5 Mobile/15E148 Safari/604.1`, 'Safari', 'iPad'],
    [`${WINDOWS} ${WEBKIT} Chrome/130.0 Safari/537.36 OPR/115.0.0.0`, 'Opera', 'Windows'],
    ['Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18', 'Opera', 'Windows'],
    [
      `${ANDROID} ${WEBKIT} SamsungBrowser/27.0 Chrome/125.0 Mobile Safari/537.36`,
      'Samsung Internet',
      'Android',
    ],
    // An application that shows pages is not a browser.
    [`${IPHONE} ${APPLE} Mobile/15E148`, null, 'iPhone'],
    ['Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP1A)', null, 'Android'],
    // Hostile ones.
    [`${WINDOWS} Chrome/<script>alert(1)</script>`, 'Chrome', 'Windows'],
    ['Mozilla/5.0 (Windows; https://evil.example) \u202eFirefox/1', 'Firefox', 'Windows'],
    ['Firefox/133.0 Windows', null, 'Windows'],
  ])('of %s is %s on %s', (userAgent, browser, system) => {
    expect(deviceName(userAgent)).toEqual({ browser, system })
  })

  it.each([
    null,
    undefined,
    '',
    'curl/8.11.0',
    'python-requests/2.32.3',
    'node',
    'Mozilla/5.0',
    '<script>alert(1)</script>',
    'constructor',
    `${' '.repeat(600)}${WINDOWS}`,
  ])('of %j is unknown', (userAgent) => {
    expect(deviceName(userAgent)).toBeNull()
  })

  it('contains only names from its own lists', () => {
    const known = [null, 'Chrome', 'Edge', 'Firefox', 'Safari', 'Opera', 'Samsung Internet']
    const systems = [null, 'Windows', 'macOS', 'iPhone', 'iPad', 'Android', 'Linux', 'ChromeOS']
    const words = [
      'Mozilla/5.0 ',
      'Opera/',
      'Edg/',
      'Chrome/',
      'Version/1 Safari/',
      'Windows',
      'iPad',
      ' ',
      'Linux',
    ]
    const userAgents = fc
      .array(fc.oneof(fc.constantFrom(...words), fc.string()))
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(userAgents, (userAgent) => {
        const { browser, system } = deviceName(userAgent) ?? { browser: null, system: null }
        expect(known).toContain(browser)
        expect(systems).toContain(system)
      }),
    )
  })
})
