/** Requirements about all tables, tokens, sessions and routes are proven for the existing ones. */
import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { OPERATIONS } from '../../src/api/index.ts'
import type { Route } from '../../src/app/handlers.ts'
import { createPageKit } from '../../src/app/pages/kit.ts'
import { pageRoutes } from '../../src/app/routes/pages/index.ts'
import type { Auth } from '../../src/index.ts'
import { OPTION_TABLE } from '../../src/options/index.ts'
import { openSite } from '../../src/pages/index.ts'
import { freshAuth } from '../support/engines.ts'
import { tablesOf } from '../support/security.ts'

// Requirements about all tokens and sessions are proven for the existing ones. Before you add one here, extend
// the tests of these requirements, or mark the requirement as waiting.
it('these are all tables, token purposes, ways to a session and modes [LGN-14, REC-03, SES-02, SES-04, SES-11, SES-17, API-09, AUD-03, CFG-01, CX-06, CX-11]', async () => {
  const auth = await freshAuth('sqlite')
  const tables = (await (await tablesOf(auth)).introspection.getTables()).map(({ name }) => name)
  expect(tables.filter((name) => !name.startsWith('bienvenue_')).sort()).toEqual([
    ...[
      'audit',
      'ceremonies',
      'identities',
      'login_flows',
      'mail_codes',
      'outbox',
      'passkeys',
      'pending_sign_ins',
    ],
    ...[
      'provider_sessions',
      'providers',
      'recovery_codes',
      'sessions',
      'throttles',
      'tokens',
      'totp',
      'users',
    ],
  ])
  expect(readFileSync('src/db/tables/tokens.ts', 'utf8')).toMatch(
    /^export type TokenPurpose = 'reset_password' \| 'confirm_email' \| 'change_email'$/m,
  )
  expect(OPTION_TABLE.mode.kind.of).toEqual(['classic', 'development', 'production'])
  expect(Object.keys(OPTION_TABLE).filter((name) => /cors|origin|debug/i.test(name))).toEqual([
    'trustedOrigins',
    // Where people may be sent to, not who may read answers.
    'returnOrigins',
    // Whose pages may ask browsers for the passkeys.
    'passkeyOrigins',
  ])

  const ofPages = pageRoutes(createPageKit(auth, openSite(auth.options)))
  const operations = ofPages.map(({ operation }) => `${operation.method} ${operation.path}`)
  for (const file of globSync('src/app/routes/*.ts')) {
    const room = (await import(/* @vite-ignore */ `../../${file}`)) as Record<string, (auth: Auth) => Route[]>
    for (const [name, routes] of Object.entries(room)) {
      if (!name.endsWith('Routes')) continue
      operations.push(...routes(auth).map(({ operation }) => `${operation.method} ${operation.path}`))
    }
  }
  expect(operations.sort()).toEqual(OPERATIONS.map(({ method, path }) => `${method} ${path}`).sort())
  // A password with or without a second factor, passkeys and other providers are the only ways to sign in: no SMS, phone, push or
  // SAML.
  expect(
    OPERATIONS.filter(({ success }) => success.setsCookie)
      .map(({ id }) => id)
      .sort(),
  ).toEqual([
    'account.changePassword',
    'account.delete',
    'factors.confirmTotp',
    'mailCodes.confirmEmail',
    'pages.addPasskey',
    'pages.changePassword',
    'pages.completeAtCallback',
    'pages.confirmApp',
    'pages.confirmCode',
    'pages.deleteAccount',
    'pages.enrolApp',
    'pages.enrolPasskey',
    'pages.enterAddress',
    'pages.provePasskey',
    'pages.proveRecoveryCode',
    'pages.proveTotp',
    'pages.signIn',
    'pages.signInWithPasskey',
    'pages.signOut',
    'pages.signUp',
    'pages.stepUp',
    'pages.stepUpWithPasskey',
    'pages.stepUpWithTotp',
    'passkeys.add',
    'sessions.signOut',
    'sessions.signOutClassic',
    'signIn.reauthenticate',
    'signIn.withPasskey',
    'signIn.withPassword',
    'signIn.withRecoveryCode',
    'signIn.withTotp',
  ])
})
