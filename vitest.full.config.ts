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
      // Those that use `onEachEngine`.
      'test/attacks/*.test.ts',
      'test/cli/cli.test.ts',
      'test/connect/{bearer,session}.test.ts',
      'test/http/{e2e,operations}.test.ts',
      'test/security/*.test.ts',
      'test/service/{faults-clock,logs,production,server,workers}.test.ts',
    ],
    exclude: configDefaults.exclude,
    env: { BIENVENUE_TEST_FULL: '1' },
  },
})
