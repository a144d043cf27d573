/** The routes of the hosted pages. */
import type { Route } from '../../handlers.ts'
import type { PageKit } from '../../pages/kit.ts'
import { accountPages } from './account.ts'
import { accountDataPages } from './account-data.ts'
import { assetRoutes } from './assets.ts'
import { linkPages } from './links.ts'
import { signInPages } from './sign-in.ts'

export function pageRoutes(kit: PageKit): Route[] {
  return [assetRoutes, linkPages, signInPages, accountPages, accountDataPages].flatMap((routesOf) =>
    routesOf(kit),
  )
}
