/**
 * Passkeys and security keys of the kinds that Chromium can simulate, on the real pages: what is accepted, what a person sees
 * otherwise, and what the audit and the owner are told.
 */
import type { Browser, CDPSession } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { PAGES } from '../../src/text/index.ts'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { startPageSite } from '../support/page-site.ts'
import { PASSWORD } from '../support/production.ts'
import type { OnEnd } from '../support/system.ts'

const { ownFactors, ownPasskeys, passkeys } = PAGES.en
const { problems } = passkeys

type Site = Awaited<ReturnType<typeof startPageSite>>

/** The options of an authenticator, and the backup flags of the credentials that it creates. */
interface Kind {
  readonly protocol?: 'ctap2' | 'u2f'
  readonly ctap2Version?: 'ctap2_0' | 'ctap2_1'
  readonly transport?: 'internal' | 'usb' | 'nfc'
  readonly hasResidentKey?: boolean
  readonly hasUserVerification?: boolean
  readonly isUserVerified?: boolean
  readonly defaultBackupEligibility?: boolean
  readonly defaultBackupState?: boolean
}

/** A phone or laptop: stores passkeys, and verifies who uses it. */
const DEVICE = {
  protocol: 'ctap2',
  ctap2Version: 'ctap2_1',
  transport: 'internal',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
} satisfies Kind
const SYNCED = { ...DEVICE, defaultBackupEligibility: true, defaultBackupState: true } satisfies Kind
/** Has neither storage nor a PIN. */
const SIMPLE_KEY = {
  ...DEVICE,
  transport: 'usb',
  hasResidentKey: false,
  hasUserVerification: false,
  isUserVerified: false,
} satisfies Kind
/** The first generation, which knows only CTAP1. */
const U2F_KEY = { ...SIMPLE_KEY, protocol: 'u2f' } satisfies Kind

async function plugIn(devtools: CDPSession, kind: Kind) {
  const options = { ...DEVICE, ...kind, automaticPresenceSimulation: true }
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options })
  const credentials = async () =>
    (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials
  const only = async () => {
    const [credential, ...others] = await credentials()
    expect(others).toEqual([])
    return credential ?? expect.unreachable('no credential')
  }
  return {
    credentials,
    /** Whether it recognizes the person from now on. */
    setVerified: (isUserVerified: boolean) =>
      devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
    /** Changes the backup flags of its only credential. */
    async setBackup(flags: { readonly backupEligibility?: boolean; readonly backupState: boolean }) {
      const { credentialId } = await only()
      await devtools.send('WebAuthn.setCredentialProperties', { authenticatorId, credentialId, ...flags })
    },
    /** Replaces its only credential by a copy that was made when the counter was lower. */
    async restore(signCount: number) {
      // U2F does not keep the RP ID, but it is required.
      const credential = { rpId: 'localhost', ...(await only()), signCount }
      const { credentialId } = credential
      await devtools.send('WebAuthn.removeCredential', { authenticatorId, credentialId })
      await devtools.send('WebAuthn.addCredential', { authenticatorId, credential })
    },
  }
}

/**
 * Keeps what the browser itself refuses, lets a test ask for less than the service does, and turns autofill off, which would use
 * the credential before the test presses a button.
 */
const BEFORE_THE_PAGE = `
  window.refusals = []
  PublicKeyCredential.isConditionalMediationAvailable = async () => false
  for (const name of ['get', 'create']) {
    const original = navigator.credentials[name].bind(navigator.credentials)
    navigator.credentials[name] = (options) => {
      if (window.verifiesNobody) {
        options.publicKey.userVerification = 'discouraged'
        if (name === 'create') options.publicKey.authenticatorSelection = { userVerification: 'discouraged' }
      }
      return original(options).catch((error) => {
        window.refusals.push(error.name)
        throw error
      })
    }
  }
`

describe.runIf(hasBrowser)('in Chromium', () => {
  const ends: Parameters<OnEnd>[0][] = []
  const onEnd: OnEnd = (end) => void ends.push(end)
  let browser: Browser
  let site: Site
  /** Accepts only passkeys that stay on one device. */
  let strict: Site
  let people = 0

  beforeAll(async () => {
    browser = await openBrowser(onEnd)
    site = await startPageSite({ onEnd })
    strict = await startPageSite({ onEnd, passkeyStorage: 'device_bound' })
  })
  afterAll(async () => {
    for (const end of ends.toReversed()) await end()
  })

  /** A person with an account, a browser and an authenticator. */
  async function person(kind: Kind, { auth, mailer, origin }: Site = site) {
    const email = `person-${++people}@example.com`
    const { id } = await auth.users.create({ email, password: PASSWORD, confirmed: true })
    const context = await browser.newContext({ baseURL: origin, locale: 'en' })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    await page.addInitScript(BEFORE_THE_PAGE)
    const devtools = await context.newCDPSession(page)
    await devtools.send('WebAuthn.enable', {})
    const device = await plugIn(devtools, kind)
    const press = (purpose: string) => page.locator(`[data-passkey=${purpose}] button`).click()
    const arriveAt = (path: string) => page.waitForURL(`${origin}${path}`)
    const openSignIn = async (target = '/account/passkeys') => {
      await context.clearCookies({ name: 'session_id' })
      await page.goto(`/sign_in?return_to=${target}`)
    }
    const enterPassword = async (target?: string) => {
      await openSignIn(target)
      await page.fill('#email', email)
      await page.fill('#password', PASSWORD)
      await page.click('main [type=submit]')
    }
    /** What the card of the only passkey says. */
    const card = () => page.locator('main ul.list li dl').innerText()
    return {
      device,
      press,
      openSignIn,
      enterPassword,
      arriveAt,
      card,
      openPasskeys: () => page.goto('/account/passkeys'),
      /** Signs in with the password, and adds a passkey. */
      async add(purpose: 'add_passkey' | 'add_security_key'): Promise<void> {
        await enterPassword()
        await arriveAt('/account/passkeys')
        await press(purpose)
        await arriveAt('/account/passkeys?done=added')
      },
      /** Signs in with the passkey alone. */
      async signIn(): Promise<void> {
        await openSignIn()
        await press('sign_in')
        await arriveAt('/account/passkeys')
      },
      /** Turns the second factor on, and signs in with it. */
      async useAsSecondFactor(): Promise<void> {
        await page.goto('/account/factors')
        // Unless the session began with the passkey.
        if (page.url().includes('/confirm?')) await press('step_up')
        await arriveAt('/account/factors')
        await page.getByRole('button', { name: ownFactors.turnOn }).click()
        await arriveAt('/account/factors?done=on')
        await enterPassword()
        await arriveAt('/sign_in/factor')
        await press('second_factor')
        await arriveAt('/account/passkeys')
      },
      /** Makes the browser ask no authenticator to verify the person, whatever the page says. */
      verifyNobody: () => page.evaluate('window.verifiesNobody = true'),
      /** The problem that the page says. */
      problem: () => page.locator('[role=alert]:not(:empty)').innerText(),
      /** Waits until the browser itself has refused, and returns its errors and what the page says. */
      async refusedByBrowser() {
        await expect.poll(() => page.evaluate('window.refusals'), { timeout: 20_000 }).not.toEqual([])
        const said = await page.locator('[role=alert]:not(:empty)').allInnerTexts()
        return { errors: await page.evaluate('window.refusals'), said }
      },
      /** The audit records of this action. */
      async records(action: 'login' | 'use_passkey' | 'add_factor') {
        const records = await Array.fromAsync(auth.audit.list({ action, userId: id }))
        return records.map(({ outcome, reason, details }) => ({ outcome, reason, check: details?.check }))
      },
      mails: () => mailer.mails.filter(({ to }) => to === email).map(({ kind: mailKind }) => mailKind),
    }
  }

  it.each<[what: string, kind: Kind]>([
    ['a device', DEVICE],
    ['a device with CTAP 2.0', { ...DEVICE, ctap2Version: 'ctap2_0' }],
    ['a security key with a PIN, by USB', { ...DEVICE, transport: 'usb' }],
    ['a security key with a PIN, by NFC', { ...DEVICE, transport: 'nfc' }],
  ])('%s keeps a passkey, which signs in on its own, and as the second factor [PKY-01]', async (_, kind) => {
    const bob = await person(kind)
    await bob.add('add_passkey')
    expect(await bob.card()).toContain(ownPasskeys.oneDevice)
    await bob.signIn()
    expect(await bob.device.credentials()).toMatchObject([{ isResidentCredential: true, signCount: 2 }])
    await bob.useAsSecondFactor()
    const signIns = await bob.records('login')
    expect(signIns.map(({ reason }) => reason).toSorted()).toEqual(['passkey', 'passkey', 'pwd'])
    await bob.openPasskeys()
    await bob.press('add_passkey')
    expect(await bob.refusedByBrowser()).toEqual({ errors: ['InvalidStateError'], said: [passkeys.known] })
  })

  it.each<[what: string, kind: Kind]>([
    ['a security key without a PIN', SIMPLE_KEY],
    ['a security key that knows only U2F', U2F_KEY],
    ['a security key with a PIN, without storage', { ...DEVICE, transport: 'usb', hasResidentKey: false }],
  ])('%s is a second factor and nothing else', async (_, kind) => {
    const bob = await person(kind)
    await bob.enterPassword()
    await bob.arriveAt('/account/passkeys')
    await bob.press('add_passkey')
    expect(await bob.refusedByBrowser()).toEqual({ errors: ['NotAllowedError'], said: [] })
    await bob.add('add_security_key')
    expect(await bob.card()).toContain(ownPasskeys.onlySecond)
    await bob.openSignIn()
    await bob.press('sign_in')
    expect(await bob.refusedByBrowser()).toEqual({ errors: ['NotAllowedError'], said: [] })
    await bob.enterPassword()
    await bob.arriveAt('/confirm?return_to=%2Faccount%2Fpasskeys')
    await bob.useAsSecondFactor()
    expect(await bob.card()).toContain(ownPasskeys.onlySecond)
    await bob.press('add_security_key')
    expect(await bob.refusedByBrowser()).toEqual({ errors: ['InvalidStateError'], said: [passkeys.known] })
    expect(await bob.records('use_passkey')).toEqual([])
  })

  it('a passkey does not sign in a person whom its device does not recognize', async () => {
    const bob = await person(DEVICE)
    await bob.add('add_passkey')
    await bob.device.setVerified(false)
    await bob.openSignIn()
    await bob.press('sign_in')
    expect(await bob.refusedByBrowser()).toEqual({ errors: ['NotAllowedError'], said: [] })
    expect(await bob.records('use_passkey')).toEqual([])
  })

  it('a browser that does not let the device verify its user is refused', async () => {
    const bob = await person(DEVICE)
    await bob.add('add_passkey')
    await bob.openSignIn()
    await bob.verifyNobody()
    await bob.press('sign_in')
    expect(await bob.problem()).toContain(problems.form.user_verification_required)
    expect(await bob.records('use_passkey')).toEqual([
      { outcome: 'refused', reason: 'passkey_check', check: 'user_unverified' },
    ])
    const eve = await person(SIMPLE_KEY)
    await eve.enterPassword()
    await eve.arriveAt('/account/passkeys')
    await eve.verifyNobody()
    await eve.press('add_passkey')
    expect(await eve.problem()).toContain(problems.form.invalid_passkey)
    expect(await eve.records('use_passkey')).toEqual([
      { outcome: 'refused', reason: 'passkey_check', check: 'user_unverified' },
    ])
    expect(await eve.records('add_factor')).toEqual([])
  })

  it('a passkey says whether it is synced, each time it is used', async () => {
    const bob = await person({ ...DEVICE, defaultBackupEligibility: true })
    await bob.add('add_passkey')
    expect(await bob.card()).toContain(ownPasskeys.oneDevice)
    for (const [backupState, kind] of [
      [true, ownPasskeys.synced],
      [false, ownPasskeys.oneDevice],
    ] as const) {
      await bob.device.setBackup({ backupState })
      await bob.signIn()
      expect(await bob.card()).toContain(kind)
    }
    // Both flags are as the registration allows, so there is nothing to record.
    expect(await bob.records('use_passkey')).toEqual([])
  })

  it('a synced passkey is refused where only device-bound ones are accepted [PKY-05]', async () => {
    const bob = await person(SYNCED)
    await bob.add('add_passkey')
    expect(await bob.card()).toContain(ownPasskeys.synced)
    const eve = await person(SYNCED, strict)
    await eve.enterPassword()
    await eve.arriveAt('/account/passkeys')
    await eve.press('add_passkey')
    expect(await eve.problem()).toContain(problems.form.invalid_passkey)
    expect(await eve.records('use_passkey')).toEqual([
      { outcome: 'refused', reason: 'passkey_check', check: 'backup_eligibility' },
    ])
  })

  it('a passkey that becomes synced is accepted and recorded, or refused by policy [PKY-05]', async () => {
    const becomesSynced = { backupEligibility: true, backupState: true }
    const bob = await person(DEVICE)
    await bob.add('add_passkey')
    await bob.device.setBackup(becomesSynced)
    await bob.signIn()
    expect(await bob.card()).toContain(ownPasskeys.synced)
    await bob.signIn()
    expect(await bob.records('use_passkey')).toMatchObject([
      { outcome: 'success', reason: 'backup_eligibility' },
    ])
    const eve = await person(DEVICE, strict)
    await eve.add('add_passkey')
    await eve.device.setBackup(becomesSynced)
    await eve.openSignIn()
    await eve.press('sign_in')
    expect(await eve.problem()).toContain(problems.form.invalid_passkey)
    expect(await eve.records('use_passkey')).toEqual([
      { outcome: 'refused', reason: 'passkey_check', check: 'backup_eligibility' },
    ])
  })

  it.each<[what: string, kind: Kind]>([
    ['a passkey', DEVICE],
    ['a U2F key', U2F_KEY],
  ])('%s whose counter goes back is refused, recorded and reported [PKY-05]', async (_, kind) => {
    const isKey = kind === U2F_KEY
    const bob = await person(kind)
    await bob.add(isKey ? 'add_security_key' : 'add_passkey')
    await bob.useAsSecondFactor()
    await bob.device.restore(1)
    if (isKey) {
      await bob.enterPassword()
      await bob.arriveAt('/sign_in/factor')
    } else await bob.openSignIn()
    await bob.press(isKey ? 'second_factor' : 'sign_in')
    expect(await bob.problem()).toContain(problems.form.invalid_passkey)
    expect(await bob.records('use_passkey')).toMatchObject([
      { outcome: 'refused', reason: 'passkey_counter' },
    ])
    await expect.poll(bob.mails, { timeout: 20_000 }).toContain('passkey_refused')
  })

  it('the counter of a synced passkey may have any value', async () => {
    const bob = await person(SYNCED)
    await bob.add('add_passkey')
    await bob.signIn()
    await bob.device.restore(0)
    await bob.signIn()
    expect(await bob.records('use_passkey')).toEqual([])
  })
})
