import { expect, it } from 'vitest'
import type { AccountExport, AuthService } from '../auth/index.ts'
import { type Route, routesOf } from './handlers.ts'
import { accountRoutes } from './routes/account.ts'

/** A request without a body or headers. */
const ADMITTED = {
  incoming: { header: () => null },
  record: { id: 'x' },
  params: {},
} as unknown as Parameters<Route['answer']>[0]

function routeAt(path: string, routes: readonly Route[]): Route {
  return routes.find(({ operation }) => operation.path === path) ?? expect.unreachable(path)
}

it('a handler cannot send a field that the contract does not list [API-03]', async () => {
  const routesWith = (body: object) =>
    routesOf('service', () => ({ health: () => ({ body }) }) as never)({} as AuthService)
  const answer = (body: object) => routeAt('/healthz', routesWith(body)).answer(ADMITTED)
  expect(await answer({ status: 'ok' })).toEqual({ status: 200, body: { status: 'ok' } })
  await expect(answer({ status: 'ok', hashed_password: '!' })).rejects.toThrow('hashed_password')
})

it('an export contains only the fields that the contract lists, whatever the tables have [API-03]', async () => {
  const at = new Date('2026-11-21T12:00:00Z')
  const more = {
    hashedPassword: '!',
    privateMetadata: { customer: 'x' },
    secretHash: Buffer.from('x'),
    passwordVersion: 1,
    new_column: 'x',
  }
  const profile = { locale: null, name: 'Bob', picture: null, metadata: { plan: 'pro' } }
  const account = { id: 1, email: 'bob@example.com', createdAt: at, emailVerifiedAt: null, ...profile }
  const session = {
    id: '01890a5d-ac96-774b-bcce-b302099a8057',
    current: true,
    createdAt: at,
    authenticatedAt: at,
    lastSeenAt: at,
    expiresAt: at,
    ip: null,
    userAgent: null,
  }
  const record = { at, action: 'login', outcome: 'success', reason: null, ip: null, userAgent: null }
  const passkey = {
    id: session.id,
    credentialId: 'c2FtcGxl',
    name: 'Telephone',
    provider: null,
    discoverable: true,
    backedUp: false,
    usable: true,
    createdAt: at,
    lastUsedAt: null,
  }
  const factors = {
    totp: { confirmedAt: at, disabledAt: null, ...more },
    passkeys: [{ ...passkey, ...more }],
    recoveryCodes: 10,
    secondFactorEnabled: true,
    policy: 'optional',
    password: true,
  }
  const identity = {
    id: session.id,
    provider: 'company',
    providerName: 'Company',
    issuer: 'https://id.example.com',
    subject: 'bob',
    email: 'bob@example.com',
    emailVerified: true,
    createdAt: at,
    lastUsedAt: null,
  }
  const found = {
    ...more,
    factors: { ...factors, ...more },
    account: { ...account, ...more },
    identities: [{ ...identity, ...more }],
    sessions: [{ ...session, ...more }],
    audit: [{ ...record, ...more, actor: 'operator', details: { email: 'eve@example.com' } }],
  } as unknown as AccountExport
  const auth = {
    options: {},
    userFields: [],
    account: { export: async () => found },
  } as unknown as AuthService
  const { body } = await routeAt('/profile/export', accountRoutes(auth)).answer(ADMITTED)
  const time = at.toISOString()
  expect(body).toEqual({
    account: { id: 1, email: 'bob@example.com', created_at: time, email_verified_at: null, ...profile },
    factors: {
      password: true,
      totp: { confirmed_at: time, disabled_at: null },
      passkeys: [
        {
          id: passkey.id,
          credential_id: 'c2FtcGxl',
          name: 'Telephone',
          provider: null,
          discoverable: true,
          backed_up: false,
          usable: true,
          created_at: time,
          last_used_at: null,
        },
      ],
      recovery_codes: 10,
      second_factor_enabled: true,
      policy: 'optional',
    },
    identities: [
      {
        id: session.id,
        provider: 'company',
        provider_name: 'Company',
        issuer: 'https://id.example.com',
        subject: 'bob',
        email: 'bob@example.com',
        email_verified: true,
        created_at: time,
        last_used_at: null,
      },
    ],
    sessions: [
      {
        id: session.id,
        current: true,
        created_at: time,
        authenticated_at: time,
        last_seen_at: time,
        expires_at: time,
        ip: null,
        user_agent: null,
      },
    ],
    audit: [{ at: time, action: 'login', outcome: 'success', reason: null, ip: null, user_agent: null }],
  })
})
