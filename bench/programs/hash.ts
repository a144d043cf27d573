/** Verifies one password again and again, as many at once as there are cores. See `../parts/login.ts`. */
import { availableParallelism } from 'node:os'
import { createHasher } from '../../src/auth/hashing/index.ts'

const [, , password = '', storedHash = '', seconds = ''] = process.argv
const hasher = createHasher({ passwordHash: 'argon2id', bcryptCost: 12 })
const started = performance.now()
const until = started + Number(seconds) * 1_000
let hashes = 0

async function work(): Promise<void> {
  while (performance.now() < until) {
    if (!(await hasher.verify(password, storedHash))) throw new Error('the password is another one')
    hashes++
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, work))
process.stdout.write(`${JSON.stringify(hashes / ((performance.now() - started) / 1_000))}\n`)
