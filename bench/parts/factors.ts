/** What second factors and passkeys cost, without the service around them. */
import { run } from '../../test/support/service.ts'
import { significant } from '../goals.ts'
import { spreadOf } from '../measure.ts'
import type { FactorCosts } from '../programs/factors.ts'
import type { Section } from '../sections.ts'
import { type Bench, judgeAll } from './index.ts'

const ROUNDS = 5

const ROWS: Readonly<Record<keyof FactorCosts, string>> = {
  load: 'Loading `@simplewebauthn/server`, at the first answer of a passkey, ms',
  loadMegabytes: 'Resident memory that this adds, MB',
  passkey: 'Checking the signature of a passkey (ES256), ms',
  totp: 'Checking the code of an app, ms',
  qrFirst: 'The first QR code, with loading `qr`, ms',
  qr: 'Another QR code, ms',
  recoveryCodes: 'Ten recovery codes (argon2id, all cores), ms',
  recoveryCodesCpu: 'CPU time of these, ms',
}

export async function factors({ place, isQuick, say }: Bench): Promise<Section> {
  say('second factors and passkeys')
  const rounds: FactorCosts[] = []
  while (rounds.length < ROUNDS) {
    const { exitCode, stdout, stderr } = await run(process.execPath, ['bench/programs/factors.ts'], {
      onEnd: place.onEnd,
    })
    if (exitCode !== 0) throw new Error(`the measurement failed: ${stdout}${stderr}`)
    rounds.push(JSON.parse(stdout) as FactorCosts)
  }
  const valuesOf = (name: keyof FactorCosts) => rounds.map((costs) => costs[name])
  return {
    name: 'factors',
    title: 'Second factors and passkeys',
    paragraphs: [
      `Without the service and the database, in ${ROUNDS} fresh processes, one after another. Of what runs often, the median of 500. A session check does none of this, and sends the same statements as before: a test counts them.`,
    ],
    tables: [
      {
        columns: ['What', 'Median', 'Range'],
        rows: (Object.keys(ROWS) as (keyof FactorCosts)[]).map((name) => {
          const { median, min, max } = spreadOf(valuesOf(name))
          return [ROWS[name], significant(median), `${significant(min)}–${significant(max)}`]
        }),
      },
    ],
    goals: judgeAll(
      { factor_check: valuesOf('passkey'), recovery_codes: valuesOf('recoveryCodes') },
      isQuick,
    ),
  }
}
