import { recognizable } from '../browser.ts'
import { enrolledAnswer } from '../enrolled.ts'
import { routesOf } from '../handlers.ts'
import { withTokens } from '../signed-in.ts'
import { passkeyOnWire } from '../wire.ts'

export const passkeyRoutes = routesOf('passkeys', (auth) => ({
  async startCeremony({ fields: { purpose, browser_token, login_token }, caller }) {
    const browser = recognizable(auth.options, caller, browser_token)
    const { ceremony, options } = await auth.passkeys.startCeremony(
      { purpose },
      withTokens(browser.caller, { login_token }),
    )
    return { body: { ceremony, options: { ...options } }, cookies: browser.cookies }
  },

  async add({ fields: { browser_token, login_token, ...request }, caller }) {
    const added = await auth.passkeys.add(request, withTokens(caller, { browser_token, login_token }))
    const { fields, cookies } = enrolledAnswer(added, caller, auth.options)
    return { body: { passkey: passkeyOnWire(added.passkey), ...fields }, cookies }
  },

  async rename({ params: { id }, fields: { name }, caller }) {
    return { body: passkeyOnWire(await auth.passkeys.rename({ id, name }, caller)) }
  },

  async remove({ params: { id }, caller }) {
    await auth.passkeys.remove({ id }, caller)
    return { body: { message: 'passkey removed' } }
  },
}))
