/** Whether this is `npm run test:full`, which runs what is too slow for `npm test`. */
export const IS_FULL = process.env.BIENVENUE_TEST_FULL !== undefined

/**
 * All cases in `npm run test:full`, only the first ones in `npm test`. For similar cases that start processes or browsers.
 */
export function sample<Case>(cases: readonly Case[], size = 1): readonly Case[] {
  return IS_FULL ? cases : cases.slice(0, size)
}
