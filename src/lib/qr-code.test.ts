import { decodeQR } from 'qr/decode.js'
import { describe, expect, it } from 'vitest'
import { qrCode } from './qr-code.ts'
import { newTotpSecret, otpauthUri } from './totp.ts'

/** The pixels of an SVG from {@link qrCode}, four for each module. */
function draw(svg: string) {
  const size = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1])
  const width = size * 4
  const data = new Uint8Array(width * width * 4).fill(255)
  for (const [, x, y, length] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g))
    for (let row = Number(y) * 4; row < Number(y) * 4 + 4; row++) {
      const start = (row * width + Number(x) * 4) * 4
      for (let at = start; at < start + Number(length) * 16; at++) if (at % 4 !== 3) data[at] = 0
    }
  return { width, height: width, data }
}

describe('qrCode', () => {
  it.each([
    ['a word', 'bienvenue'],
    ['accents and emoji', 'Café Zoé 👩‍🚀'],
    ['digits', '0123456789'],
    ['an enrolment', otpauthUri({ issuer: 'Example', account: 'zoe@example.com', secret: newTotpSecret() })],
    [
      'the longest enrolment',
      otpauthUri({ issuer: '👩'.repeat(61), account: '👩'.repeat(61), secret: newTotpSecret() }),
    ],
  ])('draws %s that a scanner reads', async (_, text) => {
    expect(decodeQR(draw(await qrCode(text)), { timeLimit: 5_000 })).toBe(text)
  })

  it('has one path, and contains no style, script or text', async () => {
    const svg = await qrCode('"/><script>alert(1)</script>')
    expect(svg).toMatch(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 (\d+) \1" shape-rendering="crispEdges"><rect width="\1" height="\1" fill="#fff"\/><path d="[Mhvz0-9 -]+"\/><\/svg>$/,
    )
  })

  it('has a border of four empty modules', async () => {
    const svg = await qrCode('bienvenue')
    const size = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1])
    const runs = [...svg.matchAll(/M(\d+) (\d+)h(\d+)/g)].map((run) => run.slice(1).map(Number))
    expect(Math.min(...runs.flatMap(([x, y]) => [x ?? 0, y ?? 0]))).toBe(4)
    expect(Math.max(...runs.map(([x = 0, , length = 0]) => x + length))).toBe(size - 4)
    expect(Math.max(...runs.map(([, y = 0]) => y))).toBe(size - 5)
  })

  it('is small: under 9 KB for an enrolment', async () => {
    const uri = otpauthUri({ issuer: 'Example', account: 'zoe@example.com', secret: newTotpSecret() })
    expect((await qrCode(uri)).length).toBeLessThan(9_000)
  })

  it('refuses a text that no QR code can hold', async () => {
    await expect(qrCode('é'.repeat(1_166))).rejects.toThrow('Capacity overflow')
    await expect(qrCode('é'.repeat(1_165))).resolves.toContain('<path')
  })
})
