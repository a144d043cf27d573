import { type Preset, saysVerified } from './preset.ts'

/** @see {@link https://developers.google.com/identity/openid-connect/openid-connect Google's documentation} */
export const google: Preset = {
  name: 'Google',
  issuer: 'https://accounts.google.com',
  protocol: 'oidc',
  scopes: ['openid', 'email', 'profile'],
  responseMode: null,
  usesUserInfo: false,
  reauthenticates: false,
  needsSecret: true,
  subject: ({ sub }) => sub,
  // Google checked the mailbox of any other address only once, when the account was created. Its owner may have changed
  // since: https://developers.google.com/identity/gsi/web/guides/verify-google-id-token
  isEmailVerified(email, claims) {
    const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
    const { hd } = claims
    return (
      saysVerified(claims) &&
      (domain === 'gmail.com' || (typeof hd === 'string' && hd.toLowerCase() === domain))
    )
  },
}
