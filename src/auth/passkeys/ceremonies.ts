/** Challenges for passkeys: each for one purpose, one browser and one answer. */
import * as store from '../../db/index.ts'
import { sha256 } from '../../lib/digest.ts'
import { isUuid } from '../../lib/random.ts'
import { type RelyingParty, relyingPartyOf } from '../../lib/relying-party.ts'
import { AuthError, OptionError } from '../../model/errors.ts'
import type { CeremonyPurpose } from '../../model/factors.ts'
import type { Caller } from '../caller.ts'
import type { Context } from '../context.ts'
import { isBrowserToken } from '../mail-codes/issue.ts'

/** @throws {OptionError} Passkeys are disabled. */
export function requireRelyingParty({ options }: Context): RelyingParty {
  const rp = relyingPartyOf(options)
  if (rp === null) throw new OptionError('passkeys', 'must be on, and baseUrl must have a host name')
  return rp
}

/**
 * Takes the ceremony that an answer names. It is used up, even by a wrong answer. The caller must check its user.
 *
 * @returns `null` if this browser has no such ceremony, or it is of another purpose, or expired.
 * @throws {AuthError} `missing_field` or `invalid_field` with `field`.
 */
export async function takeCeremony(
  ctx: Context,
  id: unknown,
  purposes: readonly CeremonyPurpose[],
  { browserToken }: Caller,
): Promise<store.Ceremony | null> {
  if (id === undefined || id === '') throw new AuthError('missing_field', { field: 'ceremony' })
  if (typeof id !== 'string' || !isUuid(id)) throw new AuthError('invalid_field', { field: 'ceremony' })
  if (!isBrowserToken(browserToken)) return null
  const taken = await store.takeCeremony(ctx.db, { id, browserHash: sha256(browserToken) })
  return taken !== null && taken.expiresAt > ctx.now() && purposes.includes(taken.purpose) ? taken : null
}
