/** Whether this is `npm run test:full`, which runs what is too slow for `npm test`. */
export const IS_FULL = process.env.BIENVENUE_TEST_FULL !== undefined
