import { globSync, readFileSync } from 'node:fs'
import { configDefaults, defineConfig } from 'vitest/config'
import quick from './vitest.config.ts'

/** `npm run test:full`: what is too slow or too heavy for `npm test`, such as clients in other languages. */
export default defineConfig({
  test: {
    ...quick.test,
    include: [
      'test/full/**/*.test.ts',
      'test/pages/mails.test.ts',
      'test/pages/{pages,accessible}.test.ts',
      'test/attacks/pages.test.ts',
      // On SQLite alone they are part of `npm test`.
      ...globSync('{src,test}/**/*.test.ts').filter((file) =>
        readFileSync(file, 'utf8').includes('onEachEngine('),
      ),
    ],
    exclude: configDefaults.exclude,
    env: { BIENVENUE_TEST_FULL: '1' },
  },
})
