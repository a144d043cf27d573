/** The routes of the hosted pages. */
import type { Route } from '../../handlers.ts'
import type { PageKit } from '../../pages/kit.ts'
import { accountPages } from './account.ts'
import { accountDataPages } from './account-data.ts'
import { accountFactorPages } from './account-factors.ts'
import { assetRoutes } from './assets.ts'
import { linkPages } from './links.ts'
import { providerPages } from './providers.ts'
import { recoveryPages } from './recovery.ts'
import { secondStepPages } from './second-step.ts'
import { signInPages } from './sign-in.ts'
import { signUpPages } from './sign-up.ts'
import { stepUpPages } from './step-up.ts'

export function pageRoutes(kit: PageKit): Route[] {
  return [
    assetRoutes,
    linkPages,
    signInPages,
    secondStepPages,
    stepUpPages,
    signUpPages,
    recoveryPages,
    accountPages,
    accountFactorPages,
    accountDataPages,
    providerPages,
  ].flatMap((routesOf) => routesOf(kit))
}
