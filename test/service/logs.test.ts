/** What a whole run of the service writes to its log, its audit log and its answers. */
import { expect, it } from 'vitest'
import { freshDatabase, onEachEngine } from '../support/engines.ts'
import { startService } from '../support/service.ts'
import { ADDRESSES, BOB, story } from '../support/story.ts'

it('every line of the log is JSON with a time, a level and a message [AUD-05]', async () => {
  const service = await startService(await freshDatabase('sqlite'), {
    env: { BIENVENUE_LOG_LEVEL: 'debug', BIENVENUE_NOT_A_SETTING: 'x' },
  })
  await fetch(`${service.url}/profile`)
  const body = new URLSearchParams({ email: BOB, password: 'x' })
  await fetch(`${service.url}/users`, { method: 'POST', body })
  await service.logged(({ msg }) => msg === 'clean-up')
  expect(await service.stop()).toBe(0)
  const lines = service.log()
  for (const { time, level, msg } of lines) {
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(['debug', 'info', 'warn', 'error']).toContain(level)
    expect(msg).toMatch(/\S/)
  }
  const requests = lines.filter(({ msg }) => msg === 'request')
  expect(requests.length).toBeGreaterThan(1)
  // docs/reference/logging.md lists them. `problem` and `reason` are only in the line of a fault.
  const fields = ['time', 'level', 'msg', 'requestId', 'method', 'route', 'status', 'ms']
  for (const line of requests)
    expect(Object.keys(line).sort()).toEqual([...fields, ...('code' in line ? ['code'] : [])].sort())
})

onEachEngine('the logs of a whole run', (engine) => {
  it('contain no secret and no unmasked address of a person [AUD-03]', async () => {
    const { log, audit, secrets, refusals } = await story(engine)
    expect([log.length > 35, audit.length > 40, refusals.length > 15]).toEqual([true, true, true])
    expect(new Set(secrets).size).toBeGreaterThan(30)
    const places = [JSON.stringify(log), JSON.stringify(audit), refusals.join('\n')]
    for (const place of places) {
      const found = secrets.filter((secret) =>
        [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64url')].some((spelling) =>
          place.includes(spelling),
        ),
      )
      expect(found).toEqual([])
      const mailboxes = ADDRESSES.map((address) => address.toLowerCase().replace(/@.*/, ''))
      expect(mailboxes.filter((mailbox) => place.toLowerCase().includes(mailbox))).toEqual([])
    }
    // Shows that the search works.
    expect(places[1]).toContain('s***@example.com')
  })
})
