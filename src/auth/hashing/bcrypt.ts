/** bcrypt, by `@node-rs/bcrypt`: prebuilt, off the event loop. */
import { hash, verify } from '@node-rs/bcrypt'

/** More bytes than these bcrypt does not see (Okta, October 2024), and a zero byte ends its sight too. */
const MAX_BYTES = 72
/** The least that the algorithm allows. */
const MIN_COST = 4
/** Above this a hash, ours or imported, would hold a thread for minutes. */
const MAX_COST = 16

/** Whether bcrypt would take the whole password into account. */
export function fitsBcrypt(password: string): boolean {
  return Buffer.byteLength(password) <= MAX_BYTES && !password.includes('\0')
}

/** The cost of a bcrypt hash, or `null` where this is none that we verify. */
export function bcryptCost(storedHash: string): number | null {
  const match = /^\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(storedHash)
  const cost = Number(match?.[1])
  return cost >= MIN_COST && cost <= MAX_COST ? cost : null
}

export function hashBcrypt(password: string, cost: number): Promise<string> {
  return hash(password, cost)
}

export async function verifyBcrypt(password: string, storedHash: string): Promise<boolean> {
  if (fitsBcrypt(password)) return verify(password, storedHash)
  // Such a password was never hashed with bcrypt. The work is done all the same, so that the time does not
  // tell which kind of hash an account has.
  await verify('', storedHash)
  return false
}

/** A hash that no password is known for, at this cost. */
export function unknownBcrypt(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`
}
