/**
 * Codes in mail. The request reserves a row for its browser, for known and unknown addresses alike. The code is made when the
 * mail is sent, so that none is stored in the outbox.
 */
import * as store from '../../db/index.ts'
import { sha256 } from '../../lib/digest.ts'
import { randomDigits, uuidV7 } from '../../lib/random.ts'
import { AuthError } from '../../model/errors.ts'
import {
  BROWSER_LIFETIME_SECONDS,
  MAIL_CODE_DIGITS,
  MAIL_CODE_LIFETIME_SECONDS,
  type MailCodePurpose,
} from '../../model/mail-codes.ts'
import { isEmailAddress, storedEmail } from '../../model/user.ts'
import type { Client } from '../caller.ts'
import { type Context, secondsAfter, type TxContext } from '../context.ts'
import { hasMailCodes } from './available.ts'

const KEY_PURPOSE = 'mail code'
const BROWSER_TOKEN = /^[A-Za-z0-9_-]{43}$/

/** Whether a value has the form of a browser token: 32 bytes in base64url. */
export function isBrowserToken(token: unknown): token is string {
  return typeof token === 'string' && BROWSER_TOKEN.test(token)
}

/** @throws {AuthError} `missing_field` or `invalid_field`, with `field`: `browserToken`. */
export function requireBrowserToken({ browserToken }: Client): string {
  if (isBrowserToken(browserToken)) return browserToken
  const code = browserToken === undefined ? 'missing_field' : 'invalid_field'
  throw new AuthError(code, { field: 'browserToken' })
}

/** The hash under which the codes of a browser are stored. `null` if it has no token, or mail has no codes. */
export function browserHashOf(ctx: Context, { browserToken }: Client): Uint8Array | null {
  return hasMailCodes(ctx) && isBrowserToken(browserToken) ? sha256(browserToken) : null
}

/** A request for a code. */
export interface MailCodeOrder {
  readonly purpose: MailCodePurpose
  /** The address in the request. */
  readonly email: string
  /** The account that gets the code. `null` if nobody gets one, which the browser must not notice. */
  readonly userId: number | null
  /** Whether the browser registers the account. It can then confirm the address without the password. */
  readonly registers?: boolean
}

/**
 * Reserves the row of a code for the browser of a request. An earlier code of this browser for the purpose is void.
 *
 * @returns The id of the row, for the outbox. `null` if the browser has no token, or mail has no codes.
 */
export async function reserveCode(
  tx: TxContext,
  { purpose, email, userId, registers = false }: MailCodeOrder,
  client: Client,
): Promise<string | null> {
  const browserHash = browserHashOf(tx, client)
  if (browserHash === null) return null
  const now = tx.now()
  // Text that is not an address may be too long to store.
  const named = isEmailAddress(email) ? storedEmail(email) : ''
  const row = { userId, email: named, browserHash }
  const id = uuidV7(now)
  const expiresAt = secondsAfter(now, MAIL_CODE_LIFETIME_SECONDS)
  await store.reserveMailCode(tx.db, { ...row, id, purpose, expiresAt })
  if (registers) {
    const remembered = { id: uuidV7(now), expiresAt: secondsAfter(now, BROWSER_LIFETIME_SECONDS) }
    await store.reserveMailCode(tx.db, { ...row, ...remembered, purpose: 'registration' })
  }
  return id
}

/**
 * Makes the code of a reserved row. Its ten minutes start now.
 *
 * @returns The code. `null` if the row is gone: the browser has asked for another code since, or the mail is late.
 */
export async function issueCode(tx: TxContext, id: string): Promise<string | null> {
  const reserved = await store.findMailCodeById(tx.db, id)
  if (reserved === null || tx.keys === null) return null
  const code = randomDigits(MAIL_CODE_DIGITS)
  const secretHash = tx.keys.sign(KEY_PURPOSE, signedText(reserved, code))
  await store.setMailCode(tx.db, {
    id,
    secretHash,
    expiresAt: secondsAfter(tx.now(), MAIL_CODE_LIFETIME_SECONDS),
  })
  return code
}

/** Whether this is the code of the row, and has not expired. */
export function isCodeOf(ctx: Context, row: store.MailCode, code: string): boolean {
  const isRight = ctx.keys?.verify(KEY_PURPOSE, signedText(row, code), row.secretHash ?? '') === true
  return isRight && row.expiresAt > ctx.now()
}

// The signature covers the whole row, so that a changed or copied row is worthless.
function signedText({ id, userId, email, purpose, browserHash }: store.MailCode, code: string): string {
  return [id, purpose, userId ?? '', email, Buffer.from(browserHash).toString('hex'), code].join('\n')
}
