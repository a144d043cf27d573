import { CompactSign, type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose'
import { expect, it } from 'vitest'
import { loadLibrary } from './library.ts'
import type { KeptDocument } from './metadata.ts'
import { ALGORITHMS, verifySignature } from './tokens.ts'

/** A provider whose keys the test can replace. */
async function keyServer() {
  const library = await loadLibrary()
  let published: JWK[] = []
  let requests = 0
  const keys = library.createRemoteJWKSet(new URL('https://login.example.com/keys'), {
    async [library.joseFetch]() {
      requests++
      return Response.json({ keys: published })
    },
  })
  return {
    requests: () => requests,
    async publish(alg: string, kid?: string): Promise<CryptoKey> {
      const { publicKey, privateKey } = await generateKeyPair(alg)
      published = [{ ...(await exportJWK(publicKey)), alg, ...(kid !== undefined && { kid }) }]
      return privateKey
    },
    verify: (token: string) => verifySignature(library, { keys } as KeptDocument, token),
  }
}

function sign(alg: string, key: CryptoKey, kid?: string): Promise<string> {
  const header = { alg, ...(kid !== undefined && { kid }) }
  return new CompactSign(new TextEncoder().encode('{}')).setProtectedHeader(header).sign(key)
}

it.each(ALGORITHMS)('accepts a signature with %s', async (alg) => {
  const provider = await keyServer()
  const key = await provider.publish(alg)
  await expect(provider.verify(await sign(alg, key))).resolves.toBeUndefined()
})

it.each([
  ['names its key', 'key-1', 'key-2'],
  ['names no key', undefined, undefined],
])(
  'accepts a token with a key that replaced another one a moment ago, if the token %s',
  async (_, old, fresh) => {
    const provider = await keyServer()
    await provider.verify(await sign('ES256', await provider.publish('ES256', old), old))
    const key = await provider.publish('ES256', fresh)
    await expect(provider.verify(await sign('ES256', key, fresh))).resolves.toBeUndefined()
    expect(provider.requests()).toBe(2)
  },
)

it.each([
  ['none', ''],
  ['HS256', 'c2lnbmF0dXJl'],
])('refuses a signature with %s [CRY-06]', async (alg, signature) => {
  const provider = await keyServer()
  await provider.publish('ES256')
  const header = Buffer.from(JSON.stringify({ alg })).toString('base64url')
  await expect(provider.verify(`${header}.e30.${signature}`)).rejects.toMatchObject({
    code: 'ERR_JOSE_ALG_NOT_ALLOWED',
  })
})
