/**
 * Clients of a service that may be killed at any time, and a ledger of what it acknowledged. The ledger is kept outside of the
 * service: what it holds must be true in the database, whatever happened to the processes.
 */
import { randomInt, randomUUID } from 'node:crypto'
import type { Answer, Client } from '../client.ts'

/** A client uses as many at a time. The ledger keeps the others too. */
const ACCOUNTS_PER_CLIENT = 25
/** After as many sign-ins, a client replaces an account by another. */
const SESSIONS_PER_ACCOUNT = 8
/** Accounts that are compared at a time in the end. */
const COMPARED_AT_ONCE = 8

/** What the clients know of one account. */
interface Account {
  readonly email: string
  /** The password that the service acknowledged last. Two if a change was sent and its answer never came. */
  passwords: string[]
  /** Whether the registration was acknowledged. */
  isSure: boolean
  /** Tokens of sessions that were acknowledged and not ended. */
  readonly live: Set<string>
  /** Tokens of sessions whose end was acknowledged. */
  readonly ended: Set<string>
  signIns: number
}

/** How often each acknowledgement was entered. */
export interface Entries {
  registrations: number
  signIns: number
  signOuts: number
  resets: number
  /** Answers of session checks that were compared with the ledger. */
  checks: number
  requests: number
  /** Requests that got no answer. */
  unanswered: number
  /** Requests that got 503. */
  refused: number
}

/** How many writes were acknowledged. */
export function acknowledged({ registrations, signIns, signOuts, resets }: Entries): number {
  return registrations + signIns + signOuts + resets
}

/** Sends a request to any process of the service. `null`: no answer or 503, so nobody knows what happened. */
type Ask = (
  method: string,
  path: string,
  fields?: Record<string, string>,
  sessionToken?: string,
) => Promise<Answer | null>

const FORM = 'application/x-www-form-urlencoded'

export interface Ledger {
  readonly entries: Entries
  /** What contradicted the ledger. Must stay empty. */
  readonly contradictions: string[]
  /**
   * Acts as one client, one request after another, until `isOver`. One step in `oneIn` is a registration, and as many are
   * sign-ins, resets and sign-outs. The others check sessions.
   */
  live(isOver: () => boolean, oneIn?: number): Promise<void>
  /** Compares every account, password and session with the service. */
  verify(): Promise<void>
}

/** @param clients - Returns the connections to the processes that are running now. */
export function openLedger(clients: () => readonly Client[]): Ledger {
  const entries: Entries = {
    registrations: 0,
    signIns: 0,
    signOuts: 0,
    resets: 0,
    checks: 0,
    requests: 0,
    unanswered: 0,
    refused: 0,
  }
  const contradictions: string[] = []
  const accounts: Account[] = []

  const ask: Ask = async (method, path, fields, sessionToken) => {
    const body = fields && new URLSearchParams(fields).toString()
    const client = pick(clients())
    if (client === undefined) return null
    entries.requests++
    const answer = await client
      .send({
        method,
        path,
        headers: {
          ...(body !== undefined && { 'Content-Type': FORM, 'Content-Length': String(body.length) }),
          ...(sessionToken !== undefined && { Cookie: `session_id=${sessionToken}` }),
        },
        ...(body !== undefined && { body }),
      })
      .catch(() => null)
    if (answer !== null && answer.status !== 503) return answer
    if (answer === null) entries.unanswered++
    else entries.refused++
    return null
  }

  /** Enters an answer that the ledger does not allow. */
  function assert(isTrue: boolean, what: string): void {
    if (!isTrue) contradictions.push(what)
  }

  async function register(own: Account[]): Promise<void> {
    const account: Account = {
      email: `${randomUUID()}@example.com`,
      passwords: [randomUUID()],
      isSure: false,
      live: new Set(),
      ended: new Set(),
      signIns: 0,
    }
    own.push(account)
    accounts.push(account)
    const answer = await ask('POST', '/users', { email: account.email, password: account.passwords[0] ?? '' })
    if (answer === null) return
    assert(answer.status === 200, `a registration got ${answer.status}: ${answer.body}`)
    account.isSure = true
    entries.registrations++
  }

  /** Signs in with a password that must be right, or with each that may be. */
  async function signIn(account: Account): Promise<void> {
    account.signIns++
    for (const password of account.passwords) {
      const answer = await ask('POST', '/sessions', { email: account.email, password })
      if (answer === null) return
      if (answer.status === 200) {
        account.passwords = [password]
        account.isSure = true
        const [cookie = ''] = answer.headers['set-cookie'] ?? []
        account.live.add(/^session_id=([^;]+)/.exec(cookie)?.[1] ?? '')
        entries.signIns++
        return
      }
      const mayBeWrong = !account.isSure || account.passwords.length > 1
      assert(
        answer.status === 401 && mayBeWrong,
        `a sign-in of an acknowledged account got ${answer.status}: ${answer.body}`,
      )
    }
    // With two passwords, one of them is right.
    assert(!account.isSure, `no password of an acknowledged account is right: ${account.email}`)
  }

  async function check(account: Account, token: string): Promise<void> {
    const isLive = account.live.has(token)
    const answer = await ask('GET', '/profile', undefined, token)
    if (answer === null) return
    entries.checks++
    assert(
      answer.status === (isLive ? 200 : 403),
      `a session that is ${isLive ? 'live' : 'ended'} got ${answer.status}`,
    )
  }

  async function signOut(account: Account, token: string): Promise<void> {
    account.live.delete(token)
    const answer = await ask('DELETE', '/session', undefined, token)
    if (answer === null) return
    assert(answer.status === 204, `a sign-out got ${answer.status}`)
    account.ended.add(token)
    entries.signOuts++
  }

  async function reset(account: Account): Promise<void> {
    const asked = await ask('POST', '/reset_password', { email: account.email })
    if (asked === null) return
    assert(asked.status === 200, `a reset request for an acknowledged account got ${asked.status}`)
    const { reset_token = '' } = JSON.parse(asked.body) as { reset_token?: string }
    const password = randomUUID()
    account.passwords.push(password)
    const answer = await ask('PUT', '/reset_password', {
      email: account.email,
      reset_token,
      new_password: password,
    })
    if (answer === null) return
    assert(answer.status === 200, `a reset got ${answer.status}: ${answer.body}`)
    account.passwords = [password]
    entries.resets++
  }

  return {
    entries,
    contradictions,
    async live(isOver, oneIn = 20) {
      const own: Account[] = []
      while (!isOver()) {
        const account = pick(own)
        const token = account && pick([...account.live, ...account.ended])
        const step = randomInt(oneIn)
        if (account === undefined || (step === 0 && own.length < ACCOUNTS_PER_CLIENT)) await register(own)
        else if (account.signIns >= SESSIONS_PER_ACCOUNT) own.splice(own.indexOf(account), 1)
        else if (step === 1 || token === undefined) await signIn(account)
        else if (step === 2 && account.isSure) await reset(account)
        else if (step === 3 && account.live.has(token)) await signOut(account, token)
        else await check(account, token)
      }
    },
    async verify() {
      const left = accounts.values()
      const compare = async () => {
        for (const account of left) {
          for (const token of [...account.live, ...account.ended]) await check(account, token)
          await signIn(account)
        }
      }
      await Promise.all(Array.from({ length: COMPARED_AT_ONCE }, compare))
    },
  }
}

function pick<Item>(items: readonly Item[]): Item | undefined {
  return items.length === 0 ? undefined : items[randomInt(items.length)]
}
