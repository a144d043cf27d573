/** The pictures of the documentation can be taken again, and stay small. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { PICTURE_NAMES, PICTURES, takePictures } from '../../scripts/pictures.ts'
import { hasBrowser } from '../support/browser.ts'
import { temporaryFolder } from '../support/system.ts'

it.skipIf(!hasBrowser)('every picture of the documentation is a page, in at most 40 KB', async () => {
  const folder = temporaryFolder()
  await takePictures(folder)
  expect(readdirSync(folder).toSorted()).toEqual(PICTURE_NAMES.toSorted())
  expect(readdirSync(PICTURES).toSorted()).toEqual(PICTURE_NAMES.toSorted())
  for (const name of PICTURE_NAMES) expect(statSync(join(folder, name)).size).toBeLessThan(40_000)
})
