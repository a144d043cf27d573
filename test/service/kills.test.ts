import { expect, it, onTestFinished } from 'vitest'
import { runKills } from '../../bench/soak/kills.ts'
import { migratedDatabase, onBothEngines } from '../support/engines.ts'

// `npm run soak` kills a thousand.
onBothEngines('two instances of which one is killed again and again', (engine) => {
  it('lose nothing that they acknowledged', async () => {
    const { entries, contradictions } = await runKills(await migratedDatabase(engine), {
      kills: 3,
      onEnd: onTestFinished,
    })
    expect(contradictions).toEqual([])
    expect(entries.registrations).toBeGreaterThan(0)
  })
})
