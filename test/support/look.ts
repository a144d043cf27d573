/** The look of hosted pages without a service. */
import { resolveOptions } from '../../src/options/index.ts'
import { type Look, openAssets, openSite } from '../../src/pages/index.ts'

const SITE = openSite(resolveOptions({ baseUrl: 'https://auth.example.com' }))
const ASSETS = openAssets(SITE)

/** The file of the pages that a browser requests at a path, or `null`. */
export function assetAt(path: string) {
  return (
    Object.values(ASSETS).find((asset) => asset !== null && path.endsWith(`/assets/${asset.name}`)) ?? null
  )
}

export function lookOf(given: Partial<Look> = {}): Look {
  const { locale = 'en' } = given
  return {
    locale,
    texts: SITE.textsFor(locale),
    basePath: '/auth',
    site: SITE,
    assets: ASSETS,
    formTargets: [],
    here: '/auth/account',
    user: null,
    canSignUp: true,
    canRecover: true,
    mustConfirm: true,
    hasPages: true,
    hasCodes: true,
    canChangeEmail: true,
    hasPasskeys: true,
    hasTotp: true,
    hasFactors: true,
    providers: [],
    userFields: [],
    minPasswordLength: 15,
    ...given,
  }
}
