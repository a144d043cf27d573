import { TOPICS } from '../../api/index.ts'
import type { AuthService } from '../../auth/index.ts'
import { type Look, openAssets, type PageAssets, type Site } from '../../pages/index.ts'
import type { Locale } from '../../text/index.ts'
import { basePath } from '../paths.ts'
import { isServed } from '../served.ts'
import { createReturnTargets, type ReturnTargets, returnOrigins } from './return-to.ts'

/** Shared by all routes of the hosted pages. Created once, when the service starts. */
export interface PageKit {
  readonly auth: AuthService
  readonly site: Site
  readonly assets: PageAssets
  readonly returnTarget: ReturnTargets
  /** The path of a page as a browser sees it. */
  pathTo(path: string, query?: Readonly<Record<string, string>>): string
  /** Whether a path, as a browser sees it, is that of a page. */
  isPage(path: string): boolean
  look(given: Pick<Look, 'locale' | 'here' | 'user' | 'providers'>): Look
  /** The providers that people can sign in with. */
  providers(): Promise<Look['providers']>
}

export function createPageKit(auth: AuthService, site: Site): PageKit {
  const { options } = auth
  const base = basePath(options)
  const assets = openAssets(site)
  const texts = new Map(site.languages.map((locale) => [locale, site.textsFor(locale)]))
  const pathTo: PageKit['pathTo'] = (path, query = {}) => {
    const search = new URLSearchParams(query).toString()
    return `${base}${path}${search === '' ? '' : `?${search}`}`
  }
  const pagePaths = new Set(Object.values(TOPICS.pages).map(({ path }) => pathTo(path)))
  const shared = {
    basePath: base,
    site,
    assets,
    formTargets: [...returnOrigins(options)],
    canSignUp: isServed(TOPICS.pages.showSignUp, auth),
    canRecover: isServed(TOPICS.pages.showRecover, auth),
    mustConfirm: options.emailVerification,
    hasPages: options.pages,
    hasCodes: isServed(TOPICS.mailCodes.request, auth),
    canChangeEmail: isServed(TOPICS.pages.showEmail, auth),
    hasPasskeys: isServed(TOPICS.passkeys.startCeremony, auth),
    hasTotp: isServed(TOPICS.factors.startTotp, auth),
    hasFactors: isServed(TOPICS.factors.list, auth),
    userFields: auth.userFields,
    minPasswordLength: options.minPasswordLength,
  }
  return {
    auth,
    site,
    assets,
    returnTarget: createReturnTargets(options),
    pathTo,
    isPage: (path) => pagePaths.has(path),
    providers: async () => (isServed(TOPICS.providers.available, auth) ? auth.providers.available() : []),
    look: (given) => ({ ...shared, ...given, texts: textsIn(given.locale) }),
  }

  function textsIn(locale: Locale) {
    return texts.get(locale) ?? site.textsFor(locale)
  }
}
