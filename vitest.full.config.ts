import { globSync, readFileSync } from 'node:fs'
import { configDefaults, defineConfig } from 'vitest/config'
import quick from './vitest.config.ts'

/** `npm run test:full`: what is too slow or too heavy for `npm test`, such as clients in other languages. */
export default defineConfig({
  test: {
    ...quick.test,
    include: [
      'test/full/**/*.test.ts',
      // `npm test` runs a part of them.
      ...globSync('{src,test}/**/*.test.ts').filter((file) =>
        /onEachEngine\(|IS_FULL|sample\(/.test(readFileSync(file, 'utf8')),
      ),
    ],
    exclude: configDefaults.exclude,
    // The whole Chromium is slow, and some tests repeat a step for every page.
    testTimeout: 300_000,
    env: { BIENVENUE_TEST_FULL: '1' },
  },
})
