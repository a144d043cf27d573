import type { Preset } from './preset.ts'

/**
 * GitHub speaks OAuth, not OpenID Connect. The claims are the answer of `/user`, and `emails` is that of
 * `/user/emails`.
 *
 * @see {@link https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps GitHub's
 *   documentation}
 */
export const github: Preset = {
  name: 'GitHub',
  issuer: 'https://github.com/login/oauth',
  protocol: 'github',
  scopes: ['read:user', 'user:email'],
  responseMode: null,
  usesUserInfo: false,
  reauthenticates: false,
  needsSecret: true,
  // The name of an account can change, and then be taken by somebody else.
  subject: ({ id }) => (Number.isSafeInteger(id) ? String(id) : undefined),
  isEmailVerified: (email, { emails }) =>
    Array.isArray(emails) &&
    emails.some((entry) => entry?.email === email && entry.primary === true && entry.verified === true),
}
