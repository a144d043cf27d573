import { factorsOnWire, identityDetailsOnWire } from '../../../app/wire.ts'
import type { FactorInfo, IdentityInfo } from '../../../auth/index.ts'
import { visible } from '../../../lib/visible.ts'
import type { JsonObject } from '../../../model/json.ts'
import type { Command } from '../../command.ts'
import { jsonLine, moment, print, table } from '../../terminal.ts'
import { withUser } from '../../with-service.ts'
import { listed } from './shown.ts'

export const show: Command = {
  name: 'users show',
  summary: 'Show one user',
  takes: 'EMAIL',
  run: (input) =>
    withUser(input, async (auth, found) => {
      const { user, liveSessions, resetPending, factors, identities, secondFactorRequiredAt } = found
      const privateMetadata = (await auth.users.privateMetadata(user.id)) ?? {}
      if (input.json) {
        const more = {
          private_metadata: privateMetadata,
          live_sessions: liveSessions,
          reset_pending: resetPending,
          factors: factorsOnWire(factors),
          identities: identities.map(identityDetailsOnWire),
          second_factor_required_at: secondFactorRequiredAt?.toISOString() ?? null,
        }
        await print(jsonLine({ ...listed(user), ...more }))
        return 0
      }
      await print(
        table([
          ['id', String(user.id)],
          ['email', visible(user.email)],
          ['state', user.state],
          ['created', moment(user.createdAt)],
          ['confirmed', moment(user.emailVerifiedAt)],
          ['disabled', moment(user.disabledAt)],
          ['compromised', moment(user.passwordCompromisedAt)],
          ['name', visible(user.name ?? '-')],
          ['picture', user.picture ?? '-'],
          ['locale', user.locale ?? '-'],
          ['metadata', shownMetadata(user.metadata)],
          ['private metadata', shownMetadata(privateMetadata)],
          ['live sessions', String(liveSessions)],
          ['reset pending', resetPending ? 'yes' : 'no'],
          ['second factor', secondFactor(factors)],
          ['required since', moment(secondFactorRequiredAt)],
          ['authenticator app', authenticatorApp(factors)],
          ['recovery codes', String(factors.recoveryCodes)],
          ...passkeyRows(factors),
          ...identityRows(identities),
        ]),
      )
      return 0
    }),
}

function shownMetadata(metadata: JsonObject): string {
  return Object.keys(metadata).length === 0 ? '-' : jsonLine(metadata)
}

function secondFactor({ secondFactorEnabled, policy }: FactorInfo): string {
  return `${secondFactorEnabled ? 'enabled' : 'not enabled'}; the policy is ${policy}`
}

function authenticatorApp({ totp }: FactorInfo): string {
  if (totp === null) return '-'
  const disabled =
    totp.disabledAt === null ? '' : `; disabled ${moment(totp.disabledAt)} after too many wrong codes`
  return `${moment(totp.confirmedAt)}${disabled}`
}

function passkeyRows({ passkeys }: FactorInfo): string[][] {
  if (passkeys.length === 0) return [['passkeys', '-']]
  return passkeys.map(({ id, name, discoverable, usable, createdAt, lastUsedAt }) => [
    discoverable ? 'passkey' : 'security key',
    [
      `${id}  ${visible(name)}`,
      `added ${moment(createdAt)}`,
      `last used ${moment(lastUsedAt)}`,
      ...(usable ? [] : ['belongs to another host']),
    ].join('; '),
  ])
}

function identityRows(identities: readonly IdentityInfo[]): string[][] {
  if (identities.length === 0) return [['identities', '-']]
  return identities.map(({ provider, subject, email, createdAt, lastUsedAt }) => [
    'identity',
    [
      `${provider}  ${visible(email ?? 'no address')}`,
      `subject ${visible(subject)}`,
      `connected ${moment(createdAt)}`,
      `last used ${moment(lastUsedAt)}`,
    ].join('; '),
  ])
}
