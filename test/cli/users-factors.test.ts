/** How operators manage the second factors of a user, with the command. */
import { expect, it } from 'vitest'
import { freshAuth, migratedDatabase, onEachEngine } from '../support/engines.ts'
import { accountWithFactors, beginSignIn } from '../support/factored-account.ts'
import { BASE_URL, CLIENT, PASSWORD } from '../support/production.ts'
import { runHere } from '../support/run-here.ts'

onEachEngine('the command', (engine) => {
  async function open() {
    const databaseUrl = await migratedDatabase(engine)
    const bob = await accountWithFactors(engine, { databaseUrl })
    const env = { DATABASE_URL: databaseUrl, BASE_URL }
    const doctor = async (more: Record<string, string> = {}) => {
      const { stdout } = await runHere(['doctor'], { env: { ...env, ...more } })
      return stdout.split('\n').filter((line) => /^\w+ +(?:second factor|passkeys): /.test(line))
    }
    return { ...bob, doctor, users: (line: string) => runHere(['users', ...line.split(' ')], { env }) }
  }

  it('shows the factors of a user without a secret, and revokes them one by one [MFA-04]', async () => {
    const { auth, email, passkeys, secret, sessionToken, users } = await open()
    const [first, second] = [passkeys[0].passkey, passkeys[1].passkey]
    const { stdout: shown } = await users(`show ${email}`)
    expect(shown).toMatch(/^second factor +enabled; the policy is optional$/m)
    expect(shown).toMatch(/^authenticator app +\d{4}-\S+Z$/m)
    expect(shown).toMatch(/^recovery codes +10$/m)
    expect(shown).toMatch(
      new RegExp(`^passkey +${first.id} {2}Bitwarden; added \\d{4}-\\S+Z; last used -$`, 'm'),
    )
    const { stdout: json } = await users(`show ${email} --json`)
    expect(JSON.parse(json)).toMatchObject({
      second_factor_required_at: null,
      factors: {
        second_factor_enabled: true,
        policy: 'optional',
        passkeys: [
          { id: first.id, usable: true },
          { id: second.id, usable: true },
        ],
        recovery_codes: 10,
      },
    })
    expect(`${shown}${json}`).not.toContain(secret)

    expect(await users(`revoke-factor ${email} --passkey ${first.id}`)).toEqual({
      exitCode: 0,
      stdout: `The factors of ${email} are revoked. All sessions of the user have ended.\n`,
      stderr: '',
    })
    expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
    expect(await users(`revoke-factor ${email} --passkey ${first.id}`)).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `bienvenue: ${email} has no such factor. To list the factors: bienvenue users show EMAIL\n`,
    })
    const revoked = await users(`revoke-factor ${email} --totp --recovery-codes --json`)
    expect(JSON.parse(revoked.stdout)).toEqual({ revoked: email, second_factor_left: true })
    expect((await users(`revoke-factor ${email} --passkey ${second.id}`)).stdout).toBe(
      `The factors of ${email} are revoked. All sessions of the user have ended. No second factor is left: until the user adds one, only the password protects the account.\n`,
    )
    expect((await users(`show ${email}`)).stdout).toMatch(
      /^second factor +not enabled; .+\n.+\n.+ -\n.+ 0\npasskeys +-$/m,
    )
    expect(await auth.signIn.withPassword({ email, password: PASSWORD }, CLIENT)).toMatchObject({
      next: 'signed_in',
    })
    const acts = (await Array.fromAsync(auth.audit.list())).filter(({ action }) => action === 'remove_factor')
    expect(acts.map(({ actor }) => actor)).toEqual(Array(4).fill('operator'))
  })

  it('counts accounts without a required factor, and passkeys of another host', async () => {
    const { auth, doctor, users, email, passkeys } = await open()
    expect(await doctor()).toEqual(['ok      second factor: the policy is optional'])
    for (const name of ['eve', 'dave']) {
      const { id } = await auth.users.create({
        email: `${name}@example.com`,
        password: PASSWORD,
        confirmed: true,
      })
      if (name === 'dave') await auth.users.disable(id)
    }
    await users('require-factor eve@example.com')
    await users('require-factor dave@example.com')
    expect(await doctor()).toEqual([
      'ok      second factor: the policy is optional; 1 account without the required second factor',
    ])
    await users('require-factor eve@example.com --off')
    expect(await doctor({ BIENVENUE_SECOND_FACTOR: 'off' })).toEqual([
      'ok      second factor: the policy is off',
    ])
    const one = '1 account without the required'
    expect(await doctor({ BIENVENUE_SECOND_FACTOR: 'required' })).toEqual([
      `ok      second factor: the policy is required; ${one} second factor`,
    ])
    expect(await doctor({ BIENVENUE_SECOND_FACTOR: 'passkey' })).toEqual([
      `ok      second factor: the policy is passkey; ${one} passkey`,
    ])
    expect(await doctor({ BIENVENUE_SECOND_FACTOR: 'passkey', BASE_URL: 'https://new.example.org' })).toEqual(
      [
        'ok      second factor: the policy is passkey; 2 accounts without the required passkey',
        'ok      passkeys: 2 passkeys for an RP ID other than new.example.org cannot be used here; if the RP ID changed by mistake, set BIENVENUE_RP_ID',
      ],
    )
    for (const {
      passkey: { id },
    } of passkeys)
      await users(`revoke-factor ${email} --passkey ${id}`)
    expect(await doctor({ BIENVENUE_SECOND_FACTOR: 'required' })).toEqual([
      `ok      second factor: the policy is required; ${one} second factor`,
    ])
    expect(await doctor({ BIENVENUE_SECOND_FACTOR: 'passkey' })).toEqual([
      'ok      second factor: the policy is passkey; 2 accounts without the required passkey',
    ])
  })

  it('requires a second factor of one user, and waives it', async () => {
    const { auth, users } = await open()
    const email = 'eve@example.com'
    await auth.users.create({ email, password: PASSWORD, confirmed: true })
    expect((await users(`require-factor ${email}`)).stdout).toBe(
      `${email} must now sign in with a second factor. If there is none, the next sign-in asks to set one up.\n`,
    )
    expect((await users(`show ${email}`)).stdout).toMatch(/^required since +\d{4}-\S+Z$/m)
    expect(await beginSignIn({ auth, email })).toMatchObject({ next: 'enrol' })
    const waived = await users(`require-factor ${email} --off --json`)
    expect(JSON.parse(waived.stdout)).toEqual({ email, second_factor_required: false })
    expect(await auth.signIn.withPassword({ email, password: PASSWORD }, CLIENT)).toMatchObject({
      next: 'signed_in',
    })
  })
})

it('users revoke-factor must be told what to revoke, and require-factor needs second factors', async () => {
  const env = { DATABASE_URL: await migratedDatabase('sqlite') }
  expect(await runHere(['users', 'revoke-factor', 'bob@example.com'], { env })).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: 'bienvenue: Name what to revoke: --totp, --passkey ID, --recovery-codes.\n',
  })
  const auth = await freshAuth('sqlite', { databaseUrl: env.DATABASE_URL })
  await auth.registerUser('bob@example.com', PASSWORD)
  const off = { ...env, BIENVENUE_SECOND_FACTOR: 'off' }
  expect(await runHere(['users', 'require-factor', 'bob@example.com'], { env: off })).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: 'bienvenue: BIENVENUE_SECOND_FACTOR: is off, so no sign-in asks for a second factor\n',
  })
})
