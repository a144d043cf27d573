/** A chapter of the story: Gwen signs in at another provider, which an operator adds and removes. */
import { expect } from 'vitest'
import type { Chapter } from './factor-story.ts'
import { FAKE_CLIENT } from './fake-provider.ts'
import { CLIENT } from './production.ts'
import { addFakeProvider, comeBack, PROVIDER } from './providers.ts'

export const GWEN = 'gwen.guest@example.net'
/** The provider has not verified this address. */
export const HANK = 'hank.hidden@example.net'
const PERSON = { sub: 'gwen-at-the-company', email: GWEN, email_verified: true, name: 'Gwendolyn Guest' }

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

  // A user without a verified address at the provider must enter one.
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
