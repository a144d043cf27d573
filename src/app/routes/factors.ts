import { enrolledAnswer } from '../enrolled.ts'
import { routesOf } from '../handlers.ts'
import { withTokens } from '../signed-in.ts'
import { factorsOnWire } from '../wire.ts'

export const factorRoutes = routesOf('factors', (auth) => ({
  async list({ caller }) {
    const { aal, ...factors } = await auth.factors.list(caller)
    return { body: { ...factorsOnWire(factors), aal } }
  },

  async setSecondFactor({ fields: { enabled }, caller }) {
    await auth.factors.setSecondFactor({ enabled }, caller)
    return { body: { second_factor_enabled: enabled } }
  },

  async startTotp({ fields, caller }) {
    const { secret, uri, qr, expiresAt } = await auth.factors.startTotp(withTokens(caller, fields))
    return { body: { secret, uri, qr, expires_at: expiresAt.toISOString() } }
  },

  async confirmTotp({ fields: { code, ...tokens }, caller }) {
    const enrolled = await auth.factors.confirmTotp({ code }, withTokens(caller, tokens))
    const { fields, cookies } = enrolledAnswer(enrolled, caller, auth.options)
    return { body: { message: 'authenticator app added', ...fields }, cookies }
  },

  async removeTotp({ caller }) {
    await auth.factors.removeTotp(caller)
    return { body: { message: 'authenticator app removed' } }
  },

  async renewRecoveryCodes({ caller }) {
    const codes = await auth.factors.renewRecoveryCodes(caller)
    return { body: { recovery_codes: [...codes] } }
  },
}))
