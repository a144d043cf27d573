import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/**
 * Starts a real PostgreSQL on a free port of 127.0.0.1, through `postgres.ts`.
 *
 * @param args - The arguments of `postgres.ts`.
 * @throws If it does not start. The message holds the reason.
 */
export async function startPostgres(
  ...args: readonly string[]
): Promise<{ url: string; stop: () => Promise<void> }> {
  const postgres = spawn(process.execPath, ['test/support/postgres.ts', ...args], {
    cwd: `${import.meta.dirname}/../..`,
    stdio: 'pipe',
  })
  let said = ''
  postgres.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = once(postgres, 'close')
  const url = await Promise.race([
    once(createInterface({ input: postgres.stdout }), 'line').then(([line]) => line as string),
    ended.then(() => Promise.reject(new Error(`PostgreSQL did not start: ${said.trim()}`))),
  ])
  return {
    url,
    async stop() {
      postgres.stdin.end()
      await ended
    },
  }
}
