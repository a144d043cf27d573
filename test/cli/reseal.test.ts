/** Replacing `BIENVENUE_SECRET_KEY`: `bienvenue secrets reseal`, and what `bienvenue doctor` reports before and after. */
import { randomBytes } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../src/db/index.ts'
import { migratedDatabase, onBothEngines } from '../support/engines.ts'
import { randomKey } from '../support/production.ts'
import { runHere } from '../support/run-here.ts'
import { addSealedTotp, ringOf } from '../support/sealed-rows.ts'

const [OLD, NEW, OTHER] = [randomKey(), randomKey(), randomKey()]
const SECRETS = { secret: randomBytes(20), pending: randomBytes(20) }

/** The command on a database in which one user has an authenticator app and is setting up another. */
async function withSecrets(databaseUrl: string, keys: readonly string[]) {
  const db = await openDatabase(databaseUrl)
  onTestFinished(() => db.destroy())
  const add = async (ring: readonly string[], email: string) => {
    const user = { email, normalized_email: email, hashed_password: '!', password_version: 1, created_at: 1 }
    const { id } = await db.insertInto('users').values(user).returning('id').executeTakeFirstOrThrow()
    await addSealedTotp(db, ringOf(...ring), { userId: id, ...SECRETS })
  }
  await add(keys, 'alice@example.com')
  const run = (secretKey: readonly string[], ...args: readonly string[]) =>
    runHere(args, { env: { DATABASE_URL: databaseUrl, BIENVENUE_SECRET_KEY: secretKey.join() } })
  return {
    add,
    run,
    async check(...secretKey: readonly string[]) {
      const { exitCode, stdout } = await run(secretKey, 'doctor', '--json')
      const { checks, well } = JSON.parse(stdout) as { checks: { name: string }[]; well: boolean }
      expect(exitCode).toBe(well ? 0 : 1)
      return checks.find(({ name }) => name === 'secrets')
    },
  }
}

onBothEngines('replacing the secret key', (engine) => {
  it('doctor counts the secrets of each key, until reseal has made the former key unnecessary', async () => {
    const { run, check } = await withSecrets(await migratedDatabase(engine), [OLD])
    expect(await check(OLD)).toEqual({ name: 'secrets', ok: true, detail: '2 sealed with the first key' })
    expect(await check(NEW, OLD)).toEqual({
      name: 'secrets',
      ok: true,
      detail: '2 with a former key; run bienvenue secrets reseal before you remove it',
    })
    expect(await check(NEW)).toEqual({
      name: 'secrets',
      ok: false,
      detail: '2 with a key that is not in BIENVENUE_SECRET_KEY; add it at the end of the list',
    })
    const { exitCode, stdout, stderr } = await run([NEW, OLD], 'secrets', 'reseal')
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout: 'Sealed with the first key: 2 secrets.\n',
      stderr: '',
    })
    expect(await check(NEW)).toEqual({ name: 'secrets', ok: true, detail: '2 sealed with the first key' })
  })

  it('reseal fails if a key was removed too early, and succeeds once it is back', async () => {
    const { add, run, check } = await withSecrets(await migratedDatabase(engine), [OLD])
    await add([OTHER], 'bob@example.com')
    await add([NEW], 'carol@example.com')
    const early = await run([NEW, OLD], 'secrets', 'reseal')
    expect(early).toMatchObject({ exitCode: 1, stderr: '' })
    expect(early.stdout).toBe(
      'Sealed with the first key: 2 secrets.\nNot opened: 2 secrets, sealed with a key that is not in BIENVENUE_SECRET_KEY. Add that key at the end of the list, and run this command again.\n',
    )
    expect(await check(NEW, OLD)).toMatchObject({
      ok: false,
      detail:
        '4 sealed with the first key, 2 with a key that is not in BIENVENUE_SECRET_KEY; add it at the end of the list',
    })
    const late = await run([NEW, OLD, OTHER], 'secrets', 'reseal', '--json')
    expect(late).toMatchObject({ exitCode: 0, stderr: '' })
    expect(JSON.parse(late.stdout)).toEqual({ resealed: 2, unknown_key: 0, altered: 0 })
  })
})

it('reseal names secrets that were altered', async () => {
  const databaseUrl = await migratedDatabase('sqlite')
  const { run } = await withSecrets(databaseUrl, [OLD])
  const db = await openDatabase(databaseUrl)
  onTestFinished(() => db.destroy())
  const { sealed_secret } = await db.selectFrom('totp').select('sealed_secret').executeTakeFirstOrThrow()
  await db.updateTable('totp').set({ pending_sealed_secret: sealed_secret }).execute()
  const { exitCode, stdout } = await run([NEW, OLD], 'secrets', 'reseal')
  expect({ exitCode, stdout }).toEqual({
    exitCode: 1,
    stdout:
      'Sealed with the first key: 1 secret.\nNot opened: 1 secret, altered outside of the service. Restore a backup, or remove the factor of the user.\n',
  })
})

it('reseal is refused without a secret key', async () => {
  const { run } = await withSecrets(await migratedDatabase('sqlite'), [OLD])
  for (const mode of ['classic', 'development']) {
    const { exitCode, stdout, stderr } = await run([], 'secrets', 'reseal', '--mode', mode)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toBe(
      'bienvenue: BIENVENUE_SECRET_KEY: is not set; set it to the keys that sealed the secrets\n',
    )
  }
})

it('doctor says that development mode loses its secrets without a secret key', async () => {
  const { run } = await withSecrets(await migratedDatabase('sqlite'), [OLD])
  const { exitCode, stdout } = await run([], 'doctor', '--mode', 'development')
  expect(exitCode).toBe(0)
  expect(stdout).toContain(
    'ok      secrets: 2 sealed with a key that is lost at a restart; set BIENVENUE_SECRET_KEY to keep them\n',
  )
})
