/** Generates the table of routes in docs/security/ways-in.md. */
import { type Need, type Operation, refusalsOf } from '../../src/api/index.ts'
import { code, codes, partsOf, table } from './page.ts'
import { ROUTES } from './routes.ts'

const NEEDS: Readonly<Record<Need, string>> = {
  mail: 'with mail',
  mail_codes: 'with mail and a secret key',
  mailed_resets: 'with `BIENVENUE_RESET_TOKEN_DELIVERY=mail`',
  confirmation: 'with `BIENVENUE_EMAIL_VERIFICATION`',
  open_registration: 'with open registration',
  pages: 'with `BIENVENUE_PAGES`',
  public_api_docs: 'with `BIENVENUE_PUBLIC_API_DOCS`',
  totp: 'with a secret key, unless `BIENVENUE_SECOND_FACTOR` is off',
  related_origins: 'with passkeys and `BIENVENUE_PASSKEY_ORIGINS`',
  passkeys: 'with `BIENVENUE_PASSKEYS` and a host name',
  providers: 'with `BASE_URL` and `BIENVENUE_SECRET_KEY`',
  factors: 'with either of the two: an authenticator app or passkeys',
}

export const waysIn = partsOf('docs/security/ways-in.md', {
  routes: table(
    ['Route', 'Exists', 'Who may call', 'Fields', 'Counted as', 'Audit', 'Refusals'],
    ROUTES.map((operation) => {
      const { method, path, needs, params, body, throttle, audit } = operation
      return [
        code(`${method} ${path}`),
        needs === undefined ? 'always' : needs.map((need) => NEEDS[need]).join(', '),
        accessOf(operation),
        codes([...Object.keys(params ?? {}), ...Object.keys(body?.shape ?? {})]),
        codes(throttle ?? []),
        codes(audit ?? []),
        codes(refusalsOf(operation)),
      ]
    }),
  ),
})

function accessOf({ access }: Operation): string {
  if (access === 'anyone') return 'anyone'
  if (access === 'pending') return 'a sign-in that waits'
  const session = [
    access.fresh ? 'fresh session' : 'session',
    ...(access.aal === undefined ? [] : ['with the second factor, if there is one']),
    ...(access.orEnrolling ? ['or a sign-in that waits for a factor'] : []),
  ]
  return session.join(', ')
}
