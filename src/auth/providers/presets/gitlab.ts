import { isVerifiedOrTrusted, type Preset } from './preset.ts'

/**
 * gitlab.com, or a GitLab of your own.
 *
 * @see {@link https://docs.gitlab.com/integration/openid_connect_provider/ GitLab's documentation}
 */
export const gitlab: Preset = {
  name: 'GitLab',
  issuer: 'https://gitlab.com',
  protocol: 'oidc',
  scopes: ['openid', 'email', 'profile'],
  responseMode: null,
  usesUserInfo: true,
  reauthenticates: true,
  needsSecret: false,
  subject: ({ sub }) => sub,
  isEmailVerified: isVerifiedOrTrusted,
}
