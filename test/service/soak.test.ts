/** Short forms of the parts of `npm run soak`. */
import { expect, it, onTestFinished } from 'vitest'
import { runFuzz } from '../../bench/soak/fuzz.ts'
import { runKills } from '../../bench/soak/kills.ts'
import { runSockets } from '../../bench/soak/sockets.ts'
import { migratedDatabase, onEachEngine } from '../support/engines.ts'
import { startService } from '../support/service.ts'

onEachEngine('two instances of which one is killed again and again', (engine) => {
  it('lose nothing that they acknowledged', async () => {
    const { entries, contradictions } = await runKills(await migratedDatabase(engine), {
      kills: 3,
      onEnd: onTestFinished,
    })
    expect(contradictions).toEqual([])
    expect(entries.registrations).toBeGreaterThan(0)
  })
})

it('every parser refuses malformed inputs with an error of ours, or reads them', async () => {
  expect(await runFuzz(15_000, 1)).toEqual([])
})

it('the service answers malformed requests below 500 or closes the connection, and works afterwards', async () => {
  const service = await startService(await migratedDatabase('sqlite'))
  const { statuses, failures } = await runSockets(service.port, 300, 1)
  expect(failures).toEqual([])
  expect(statuses[400]).toBeGreaterThan(0)
  expect(service.log().filter(({ level }) => level === 'error')).toEqual([])
  expect((await fetch(service.url)).status).toBe(200)
  expect(await service.stop()).toBe(0)
})
