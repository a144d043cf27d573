/** Verifies one password again and again, as many at once as there are cores. See `../parts/login.ts`. */
import { availableParallelism } from 'node:os'
import { createHasher } from '../../src/auth/passwords/hashing/index.ts'
import type { LoginRound } from '../parts/login.ts'

const [, , password = '', storedHash = '', seconds = ''] = process.argv
const hasher = createHasher({ passwordHash: 'argon2id', bcryptCost: 12 })
const started = performance.now()
const cpuBefore = process.cpuUsage()
const until = started + Number(seconds) * 1_000
let hashes = 0

async function work(): Promise<void> {
  while (performance.now() < until) {
    if (!(await hasher.verify(password, storedHash))) throw new Error('the password is another one')
    hashes++
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, work))
const { user, system } = process.cpuUsage(cpuBefore)
const round: LoginRound = {
  perSecond: hashes / ((performance.now() - started) / 1_000),
  cpuSecondsOfOne: (user + system) / 1e6 / hashes,
}
process.stdout.write(`${JSON.stringify(round)}\n`)
