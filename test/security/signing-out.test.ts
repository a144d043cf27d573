/** Signing out, on pages and over HTTP. */
import { expect, it } from 'vitest'
import { migratedDatabase, onEachEngine } from '../support/engines.ts'
import { attributeOf, readMarkup } from '../support/markup.ts'
import { NAVIGATION, PAGES } from '../support/page-site.ts'
import { PASSWORD, productionAuth } from '../support/production.ts'
import { send, sessionIdOf } from '../support/send.ts'

const EMAIL = 'bob@example.com'

onEachEngine('signing out', (engine) => {
  async function twoInstances() {
    const databaseUrl = await migratedDatabase(engine)
    const [{ auth }, { auth: other }] = [
      await productionAuth(engine, { databaseUrl }),
      await productionAuth(engine, { databaseUrl }),
    ]
    await auth.users.create({ email: EMAIL, password: PASSWORD, confirmed: true })
    const signIn = async () =>
      sessionIdOf(await send(auth, 'POST', '/sessions', { json: { email: EMAIL, password: PASSWORD } }))
    return { auth, other, signIn }
  }

  it.each([
    ['with the form of every page', 'POST', '/sign_out', 303],
    ['with DELETE /session', 'DELETE', '/session', 204],
    ['with the classic DELETE /sessions', 'DELETE', '/sessions', 302],
  ])(
    '%s ends the session on every instance at once, and clears cookie and site data [SES-10]',
    async (_, method, path, status) => {
      const { auth, other, signIn } = await twoInstances()
      const [sessionToken, onAnotherDevice] = [await signIn(), await signIn()]
      for (const instance of [auth, other])
        expect((await send(instance, 'GET', '/profile/activity', { sessionToken })).status).toBe(200)
      const answer = await send(auth, method, path, {
        sessionToken,
        ...(method === 'POST' && { form: {}, headers: { accept: NAVIGATION } }),
      })
      expect(answer.status).toBe(status)
      expect(answer.headers.getSetCookie()).toEqual([
        expect.stringMatching(/^__Host-session_id=; Path=\/; Max-Age=0; /),
      ])
      expect(answer.headers.get('clear-site-data')).toBe('"cache", "storage"')
      for (const instance of [auth, other]) {
        const refused = await send(instance, 'GET', '/profile/activity', { sessionToken })
        expect(refused.status).toBe(401)
        expect(await refused.json()).toMatchObject({ code: 'unauthenticated' })
        const kept = await send(instance, 'GET', '/profile/activity', { sessionToken: onAnotherDevice })
        expect(kept.status).toBe(200)
      }
    },
  )

  it('is offered on every page of a signed-in user [SES-10]', async () => {
    const { auth, signIn } = await twoInstances()
    const sessionToken = await signIn()
    // One page shows the app that is being set up.
    await auth.factors.startTotp({ sessionToken })
    const pages = PAGES.filter(({ access, path }) => typeof access === 'object' || path === '/sign_out')
    expect(pages.length).toBeGreaterThan(7)
    for (const { path } of pages) {
      const answer = await send(auth, 'GET', path, { sessionToken, headers: { accept: NAVIGATION } })
      expect(answer.status, path).toBe(200)
      const { elements } = readMarkup(await answer.text())
      const [form] = elements.filter((element) => attributeOf(element, 'action') === '/sign_out')
      expect(form && attributeOf(form, 'method'), path).toBe('post')
      const buttons = elements.filter(
        (element) => element.tag === 'button' && form !== undefined && element.ancestors.includes(form),
      )
      expect(buttons.map((button) => attributeOf(button, 'type'))).toEqual(['submit'])
    }
  })
})
