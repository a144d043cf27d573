/** A chapter of the story: Gwen signs in at another provider, which an operator adds and removes. */
import { expect } from 'vitest'
import { FAKE_CLIENT } from './fake-provider.ts'
import { CLIENT, type Production } from './production.ts'
import { addFakeProvider, comeBack, PROVIDER } from './providers.ts'

export const GWEN = 'gwen.guest@example.net'
/** Without an address that the provider has verified. */
export const HANK = 'hank.hidden@example.net'
const PERSON = { sub: 'gwen-at-the-company', email: GWEN, email_verified: true, name: 'Gwendolyn Guest' }

interface Chapter extends Production {
  keepSecret(value: string | undefined): void
  keepRows(): Promise<void>
}

export async function tellOfProviders({ auth, now, newMails, keepSecret, keepRows }: Chapter): Promise<void> {
  const fake = await addFakeProvider(auth, now)
  expect(await auth.providers.replaceSecret({ id: PROVIDER, clientSecret: FAKE_CLIENT.clientSecret })).toBe(
    true,
  )
  expect(await auth.providers.disable(PROVIDER)).toBe(true)
  expect(await auth.providers.enable(PROVIDER)).toBe(true)

  // She gets an account, and connects a second identity.
  fake.person = PERSON
  const arrived = await visit()
  if (arrived.next !== 'signed_in') expect.unreachable()
  const session = { ...CLIENT, sessionToken: arrived.sessionToken }
  keepSecret(arrived.sessionToken)
  fake.person = { ...PERSON, sub: 'gwen-at-another-desk' }
  const link = await auth.identities.link({ provider: PROVIDER }, session)
  keepSecret(link.flowToken)
  const back = comeBack(fake, link)
  await auth.providers.completeSignIn(
    { provider: PROVIDER, parameters: back.parameters },
    { ...session, flowToken: link.flowToken },
  )
  await keepRows()
  const [, second] = await auth.identities.list(session)
  await auth.identities.unlink({ id: second?.id ?? '' }, session)

  // Somebody whose address the provider has not verified enters one.
  fake.person = { ...PERSON, sub: 'hank-at-the-company', email: HANK, email_verified: false }
  const waiting = await visit()
  expect(waiting.next).toBe('address_required')
  await newMails()
  await keepRows()
  expect(await auth.providers.remove(PROVIDER)).toBe(1)

  async function visit() {
    const started = await auth.providers.startSignIn({ provider: PROVIDER }, CLIENT)
    keepSecret(started.flowToken)
    const { parameters, flowToken } = comeBack(fake, started)
    return auth.providers.completeSignIn(
      { provider: PROVIDER, parameters },
      { ...CLIENT, sessionToken: null, flowToken },
    )
  }
}
