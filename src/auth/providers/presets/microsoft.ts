import type { Preset } from './preset.ts'

const EDOV: readonly unknown[] = [true, 1, '1', 'true']

/**
 * Accounts of Microsoft Entra, and personal ones.
 *
 * @see {@link https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference Microsoft's documentation}
 */
export const microsoft: Preset = {
  name: 'Microsoft',
  issuer: 'https://login.microsoftonline.com/common/v2.0',
  protocol: 'oidc',
  scopes: ['openid', 'email', 'profile'],
  responseMode: null,
  usesUserInfo: false,
  reauthenticates: true,
  needsSecret: true,
  // `sub` is different for each client id, so that a new client id would disconnect every identity.
  subject: ({ oid }) => oid,
  // An administrator of any tenant can set any address; `xms_edov` says that the tenant has proven its domain.
  isEmailVerified: (_, { xms_edov }) => EDOV.includes(xms_edov),
  isTenantAllowed: ({ tid }, { tenants }) =>
    typeof tid === 'string' && (tenants.includes('*') || tenants.includes(tid)),
}
