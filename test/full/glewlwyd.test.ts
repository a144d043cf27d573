/** Sign-in with an independent provider: Glewlwyd, in C. It never says whether it has verified an address. */
import { describe, expect, it } from 'vitest'
import { addMember, plainAuth } from '../attacks/support.ts'
import { GLEWLWYD_CLIENT, GLEWLWYD_PERSON, hasGlewlwyd, startGlewlwyd } from '../support/glewlwyd.ts'
import { Visitor } from '../support/visitor.ts'

const { email } = GLEWLWYD_PERSON

// Needs Debian's `glewlwyd`. Without it the run lists this as skipped.
describe.skipIf(!hasGlewlwyd)('Glewlwyd', () => {
  async function stage(trustsEmail: boolean) {
    const glewlwyd = await startGlewlwyd('https://auth.example.com/login/glewlwyd/callback')
    const { auth } = await plainAuth('sqlite', {
      outboundPrivate: '127.0.0.0/8',
      // Its tokens have the time of this machine.
      now: () => new Date(),
    })
    const provider = { preset: 'oidc', id: 'glewlwyd', name: 'Glewlwyd', issuer: glewlwyd.issuer } as const
    await auth.providers.add({ ...provider, ...GLEWLWYD_CLIENT, trustsEmail })
    const signIn = async (visitor: Visitor) => {
      const { html } = await visitor.submit('/sign_in/with/glewlwyd', {})
      const [, url = ''] = /content="0;url=([^"]+)"/.exec(html) ?? []
      const callback = await glewlwyd.authorize(new URL(url.replaceAll('&amp;', '&')))
      return visitor.open(callback.pathname + callback.search)
    }
    return { auth, signIn }
  }

  it('creates an account, and signs in to it again, if the operator trusts its addresses', async () => {
    const { auth, signIn } = await stage(true)
    expect(await auth.providers.check('glewlwyd')).toMatchObject({
      problem: null,
      discovered: { keyCount: 1 },
    })
    for (const visitor of [new Visitor(auth), new Visitor(auth)]) {
      expect(await visitor.follow(await signIn(visitor))).toBe('/account')
      expect((await visitor.open('/account')).html).toContain(email)
    }
    expect((await auth.users.find(email))?.user.name).toBe('Anna Bell')
  })

  it('does not connect an account by its address otherwise [FED-01]', async () => {
    const { auth, signIn } = await stage(false)
    await addMember(auth, email)
    const visitor = new Visitor(auth)
    const { location } = await signIn(visitor)
    expect((await visitor.open(location ?? '')).html).toContain('Enter your email address')
    expect((await visitor.open('/account')).status).toBe(303)
  })
})
