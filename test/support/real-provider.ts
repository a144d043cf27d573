/** `oidc-provider`, which is certified by the OpenID Foundation, on loopback. */
import type { RequestListener } from 'node:http'
import { Provider } from 'oidc-provider'
import { onTestFinished } from 'vitest'
import { FAKE_CLIENT, FAKE_PERSON } from './fake-provider.ts'
import { type OnEnd, serve } from './system.ts'

/**
 * Starts a provider. It runs until the test ends, and accepts every password. A user name that is an address is also the user's
 * address.
 *
 * @param client - Further metadata of our client.
 * @returns The issuer.
 */
export async function startRealProvider(
  client: Record<string, unknown>,
  onEnd: OnEnd = onTestFinished,
): Promise<string> {
  let handle: RequestListener | undefined
  const issuer = await serve((request, response) => handle?.(request, response), onEnd)
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
  handle = provider.callback()
  return issuer
}
