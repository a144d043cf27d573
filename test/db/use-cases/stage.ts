/** A service on filled tables, on which each use case is called in every way that it can use the database. */
import { expect } from 'vitest'
import { emailOf } from '../../../bench/growth/rows.ts'
import type { AuthService, Client, StartedFlow } from '../../../src/auth/index.ts'
import { CHEAP_HASHER, type TestClock } from '../../support/engines.ts'
import { addPasskey, addTotp } from '../../support/factors.ts'
import { FAKE_PERSON } from '../../support/fake-provider.ts'
import {
  CLIENT,
  linkIn,
  type MemoryMailer,
  PASSWORD,
  type ReceivedMail,
  randomKey,
  until,
} from '../../support/production.ts'
import {
  addFakeProvider,
  comeBack,
  type KnownProvider,
  PROVIDER,
  type Return,
} from '../../support/providers.ts'
import { signedIn } from '../../support/signed-in.ts'

export const SECRET_KEY = randomKey()
/** The number of users, sessions and audit records. With this many, a planner uses an index if there is one. */
export const SIZE = 5_000
export const DAY_SECONDS = 86_400

export const GROUPS = [
  'account',
  'audit',
  'db',
  'delivery',
  'factors',
  'identities',
  'mailCodes',
  'passkeys',
  'providers',
  'secrets',
  'sessions',
  'signIn',
  'transfer',
  'users',
] as const
type Group = (typeof GROUPS)[number]

type UseCase =
  | Exclude<keyof AuthService, Group | 'options' | 'mailer' | 'generateUuid' | 'hashPassword' | 'close'>
  | { [Name in Group]: `${Name}.${keyof AuthService[Name] & string}` }[Group]
export type Drive = UseCase | (typeof BESIDE)[number]

/** Background work, and variants of use cases of which another variant may read a whole table. */
export const BESIDE = [
  'sending mail',
  'users.list, beyond an id',
  'users.list, some',
  'audit.list, of a user',
  'audit.list, since',
  'db.findUserBy, indexed',
] as const

/** A signed-in user. */
interface Person {
  readonly id: number
  readonly email: string
  readonly sessionToken: string
}

/** A service on filled tables, with helpers for the drives. */
export interface Stage {
  readonly engine: AuthService
  /** The same service in classic mode, which sends no mail for registrations. */
  readonly classic: AuthService
  readonly now: TestClock
  /** Signs in another one of the users that the tables were filled with. */
  person(): Promise<Person>
  /** An address without an account. */
  stranger(): string
  /** A client with its own IP address. */
  client(): Client
  /** The addresses to which sending was attempted. */
  readonly attempts: readonly string[]
  /** Sends mail until there is one of this kind to an address, and returns its token. */
  mailedToken(to: string, kind: ReceivedMail['kind']): Promise<string>
  /** Sends due mail until the condition holds. */
  sendUntil(holds: () => boolean | Promise<boolean>): Promise<void>
}

export async function refused(promise: Promise<unknown>): Promise<void> {
  await expect(promise).rejects.toThrow()
}

export async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) expect(item).toBeDefined()
}

/** A person with second factors, and a session that was started with them. */
export async function member({ engine, now, person }: Stage) {
  const { email, sessionToken } = await person()
  const app = await addTotp(engine, now, { sessionToken })
  const renewed = await engine.signIn.reauthenticate({ totp: app.codeAt(1) }, app)
  const { authenticator, passkey, ...session } = await addPasskey(engine, renewed)
  now.advance(60)
  const begin = async () => {
    const result = await engine.signIn.withPassword({ email, password: PASSWORD })
    return result.next === 'signed_in' ? expect.unreachable() : { loginToken: result.loginToken }
  }
  return { engine, app, authenticator, passkeyId: passkey.id, session, begin }
}

export const PROVIDERS = new WeakMap<AuthService, Promise<KnownProvider>>()

/** A person who comes back from the provider: to sign in, unless another purpose is given. */
export async function visitor(
  { engine, now }: Stage,
  person: Partial<KnownProvider['person']> = {},
  started?: StartedFlow,
): Promise<Return> {
  const known = PROVIDERS.get(engine) ?? addFakeProvider(engine, now)
  PROVIDERS.set(engine, known)
  const fake = await known
  fake.person = { ...FAKE_PERSON, ...person }
  return comeBack(fake, started ?? (await engine.providers.startSignIn({ provider: PROVIDER })))
}

/** Connects a user to a person at the provider. */
export async function linked(stage: Stage, sessionToken: string, sub: string): Promise<void> {
  const { engine } = stage
  // The provider must exist first.
  await visitor(stage)
  const started = await engine.identities.link({ provider: PROVIDER }, { sessionToken })
  const { parameters, flowToken } = await visitor(stage, { sub }, started)
  await engine.providers.completeSignIn({ provider: PROVIDER, parameters }, { sessionToken, flowToken })
}

/** A person who came back from the provider and must complete another step. */
export async function waitingVisitor(stage: Stage, person: Partial<KnownProvider['person']>) {
  const { parameters, flowToken } = await visitor(stage, person)
  const caller = { sessionToken: null, flowToken }
  const { next } = await stage.engine.providers.completeSignIn({ provider: PROVIDER, parameters }, caller)
  expect(next).toMatch(/^(?:account_exists|address_required)$/)
  return caller
}

/** @param others - What only some of the drives need. */
export function stageOn(
  engine: AuthService,
  others: Pick<Stage, 'attempts' | 'classic' | 'now'> & {
    mailer: MemoryMailer
    openWorker: () => Promise<AuthService>
  },
): Stage {
  const { mailer, openWorker, ...rest } = others
  let people = 100
  let strangers = 0
  const sendUntil: Stage['sendUntil'] = async (holds) => {
    const worker = await openWorker()
    await until(holds)
    await worker.close()
  }
  return {
    engine,
    ...rest,
    sendUntil,
    async person() {
      const email = emailOf(people++)
      const { id } = await engine.db.findUserBy({ email })
      await engine.db.updateUser(id, { hashedPassword: await CHEAP_HASHER.hash(PASSWORD) })
      return {
        id,
        email,
        sessionToken: signedIn(await engine.signIn.withPassword({ email, password: PASSWORD })).sessionToken,
      }
    },
    stranger: () => `stranger${strangers++}@example.org`,
    client: () => ({ ...CLIENT, ip: `192.0.2.${strangers++}` }),
    async mailedToken(to, kind) {
      const sent = () => mailer.mails.find((mail) => mail.to === to && mail.kind === kind)
      await sendUntil(() => sent() !== undefined)
      return linkIn(sent() ?? expect.unreachable()).token
    },
  }
}
