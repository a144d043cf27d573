import { TOPICS } from '../../../api/index.ts'
import { AuthError } from '../../../model/errors.ts'
import type { Route } from '../../handlers.ts'
import type { PageKit } from '../../pages/kit.ts'

/** Serves the style sheet, the scripts and the images. */
export function assetRoutes({ assets }: PageKit): Route[] {
  const byName = new Map(
    Object.values(assets).flatMap((asset) => (asset === null ? [] : [[asset.name, asset] as const])),
  )
  return [
    {
      operation: TOPICS.pages.asset,
      async answer({ params: { name = '' } }) {
        const file = byName.get(name)
        if (file === undefined) throw new AuthError('not_found')
        return { status: 200, file }
      },
    },
  ]
}
