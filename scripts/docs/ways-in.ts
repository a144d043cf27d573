/** Generates the table of routes in docs/security/ways-in.md. */
import { type Operation, refusalsOf } from '../../src/api/index.ts'
import { code, codes, partsOf, table } from './page.ts'
import { ROUTES } from './routes.ts'

const NEEDS = {
  mail: 'with mail',
  mail_codes: 'with mailed codes',
  public_api_docs: '`BIENVENUE_PUBLIC_API_DOCS`',
}

export const waysIn = partsOf('docs/security/ways-in.md', {
  routes: table(
    ['Route', 'Exists', 'Who may call', 'Fields', 'Counted as', 'Audit', 'Refusals'],
    ROUTES.map((operation) => {
      const { method, path, needs, params, body, throttle, audit } = operation
      return [
        code(`${method} ${path}`),
        needs === undefined ? 'always' : NEEDS[needs],
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
  return access.fresh ? 'fresh session' : 'session'
}
