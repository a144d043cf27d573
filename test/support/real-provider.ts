/** `oidc-provider`, which is certified by the OpenID Foundation, on loopback. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'
import { onTestFinished } from 'vitest'
import { FAKE_CLIENT, FAKE_PERSON } from './fake-provider.ts'
import type { OnEnd } from './system.ts'

/**
 * Starts one until the test ends. It takes every password. Who signs in with an address has this address.
 *
 * @param client - What is special about our client.
 * @returns The issuer.
 */
export async function startRealProvider(
  client: Record<string, unknown>,
  onEnd: OnEnd = onTestFinished,
): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, {
    clients: [{ client_id: FAKE_CLIENT.clientId, ...client }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_: unknown, accountId: string) => ({
      accountId,
      claims: () => ({
        ...FAKE_PERSON,
        sub: accountId,
        ...(accountId.includes('@') && { email: accountId }),
      }),
    }),
    features: { devInteractions: { enabled: true } },
  })
  server.on('request', provider.callback())
  return issuer
}
