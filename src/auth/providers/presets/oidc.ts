import { isVerifiedOrTrusted, type Preset } from './preset.ts'

/** Any provider that follows OpenID Connect Core 1.0 and Discovery 1.0. */
export const oidc: Preset = {
  name: 'OpenID Connect',
  issuer: null,
  protocol: 'oidc',
  scopes: ['openid', 'email', 'profile'],
  responseMode: null,
  usesUserInfo: true,
  reauthenticates: true,
  needsSecret: false,
  subject: ({ sub }) => sub,
  isEmailVerified: isVerifiedOrTrusted,
}
