/** What second factors and passkeys cost in a fresh process, without the database. See `../parts/factors.ts`. */
import { verifyAssertion } from '../../src/auth/passkeys/webauthn/index.ts'
import { loadLibrary } from '../../src/auth/passkeys/webauthn/library.ts'
import { createHasher, RECOVERY_CODE_HASHING } from '../../src/auth/passwords/hashing/index.ts'
import { qrCode } from '../../src/lib/qr-code.ts'
import { newRecoveryCode, RECOVERY_CODES } from '../../src/lib/recovery-code.ts'
import { matchTotp, newTotpSecret, otpauthUri, totpCode, totpStep } from '../../src/lib/totp.ts'
import { EXPECTED, REQUEST, registered } from '../../test/support/passkeys.ts'
import { quantile } from '../measure.ts'

/** The output, as JSON. Times in milliseconds. Of what runs often, the median. */
export type FactorCosts = Record<
  'load' | 'loadMegabytes' | 'passkey' | 'totp' | 'qrFirst' | 'qr' | 'recoveryCodes' | 'recoveryCodesCpu',
  number
>

const BYTES_PER_MB = 1_000_000
const MICROSECONDS_PER_MS = 1_000
/** The first ones warm up and do not count. */
const TIMES = { warm: 100, counted: 500 }

async function timeOf(act: () => unknown): Promise<number> {
  const started = performance.now()
  await act()
  return performance.now() - started
}

async function medianOf(act: () => unknown): Promise<number> {
  const times: number[] = []
  for (let time = 0; time < TIMES.warm + TIMES.counted; time++) times.push(await timeOf(act))
  return quantile(times.slice(TIMES.warm), 0.5)
}

const residentBefore = process.memoryUsage.rss()
const load = await timeOf(loadLibrary)
const loadMegabytes = (process.memoryUsage.rss() - residentBefore) / BYTES_PER_MB

const secret = newTotpSecret()
const now = new Date()
const code = totpCode(secret, totpStep(now))
const uri = otpauthUri({ issuer: 'auth.example.com', account: 'bob@example.com', secret })
const qrFirst = await timeOf(() => qrCode(uri))
const { device, passkey } = await registered()
const credential = device.get(REQUEST)
const hasher = createHasher({ ...RECOVERY_CODE_HASHING, bcryptCost: 12 })
// The threads start with the first one.
await hasher.hash(newRecoveryCode(0))
const cpuBefore = process.cpuUsage()
const recoveryCodes = await timeOf(() =>
  Promise.all(
    Array.from({ length: RECOVERY_CODES }, (_, position) => hasher.hash(newRecoveryCode(position))),
  ),
)
const cpu = process.cpuUsage(cpuBefore)

const costs: FactorCosts = {
  load,
  loadMegabytes,
  passkey: await medianOf(() => verifyAssertion({ ...EXPECTED, passkey, credential })),
  totp: await medianOf(() => {
    if (matchTotp(secret, code, now, 1) === null) throw new Error('the code is right')
  }),
  qrFirst,
  qr: await medianOf(() => qrCode(uri)),
  recoveryCodes,
  recoveryCodesCpu: (cpu.user + cpu.system) / MICROSECONDS_PER_MS,
}
process.stdout.write(`${JSON.stringify(costs)}\n`)
