import { describe, expect, it } from 'vitest'
import { productionContext } from '../../../test/support/production.ts'
import { AuthError } from '../../model/errors.ts'
import { THROTTLED, type Throttled, WAITS } from '../../model/throttled.ts'
import { defaultOf, MODES, OPTION_TABLE, type Setting } from '../../options/index.ts'
import { countAttempt } from './throttle.ts'

/** Every wait, in seconds. The longest one repeats. */
function waits(): number[] {
  const all: number[] = []
  for (let wait = WAITS.firstMs; wait < WAITS.longestMs; wait *= 2) all.push(wait / 1_000)
  return [...all, WAITS.longestMs / 1_000, WAITS.longestMs / 1_000]
}

const CASES = (Object.keys(THROTTLED) as Throttled[]).flatMap((what) =>
  (['account', 'ip'] as const).flatMap((per) =>
    MODES.map((mode) => {
      const numberOf = (option: keyof typeof OPTION_TABLE) =>
        Number(defaultOf(OPTION_TABLE[option] as Setting, mode))
      // Without a limit for the IP address, nothing is counted.
      const isLimited = numberOf(THROTTLED[what].ip) > 0
      return { what, per, mode, free: isLimited ? numberOf(THROTTLED[what][per]) : null }
    }),
  ),
)

describe('the limits', () => {
  it.each(CASES)(
    'allow $free attempts of $what per $per in $mode mode, then double the wait up to the longest, and forget [LGN-01, CX-12]',
    async ({ what, per, mode, free }) => {
      const ctx = await productionContext('sqlite', { mode })
      let made = 0
      const attempt = async (): Promise<number | null> => {
        const [email, ip] =
          per === 'account' ? ['bob@example.com', undefined] : [`user${made++}@example.com`, '192.0.2.1']
        const error = await countAttempt(ctx, what, { email }, { ip }).catch((reason: unknown) => reason)
        if (!(error instanceof AuthError)) return null
        expect(error.code).toBe('too_many_attempts')
        return error.retryAfterSeconds ?? expect.unreachable()
      }

      if (free === null) {
        for (let times = 0; times < 50; times++) expect(await attempt()).toBeNull()
        return
      }
      for (let times = 0; times < free; times++) expect(await attempt()).toBeNull()
      for (const wait of waits()) {
        expect(await attempt()).toBe(wait)
        ctx.now.advance(wait)
        expect(await attempt()).toBeNull()
      }
      const forgetAfter = THROTTLED[what].forgetAfterMs / 1_000
      ctx.now.advance(forgetAfter - 1)
      expect(await attempt()).toBeNull()
      expect(await attempt()).toBe(WAITS.longestMs / 1_000)
      ctx.now.advance(forgetAfter)
      for (let times = 0; times < free; times++) expect(await attempt()).toBeNull()
      expect(await attempt()).toBe(WAITS.firstMs / 1_000)
    },
  )
})
