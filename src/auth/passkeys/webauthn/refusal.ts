/** Why the response of an authenticator was refused. For the audit log, never for the client. */
export type PasskeyRefusalReason =
  /** Not what browsers send: a part is missing, too long, not base64url, not JSON or not CBOR. */
  | 'malformed'
  /** Made for the other ceremony: a registration in place of an assertion, or the reverse. */
  | 'wrong_type'
  | 'wrong_challenge'
  | 'wrong_origin'
  /** Made in a frame of another site. */
  | 'cross_origin'
  | 'wrong_rp_id'
  | 'user_absent'
  | 'user_unverified'
  /** Backed up, although it says that it cannot be. */
  | 'backup_state'
  /** The id is not that of the authenticator data, or not that of the stored passkey. */
  | 'credential_id'
  /** The algorithm of the key is not supported, or the key does not fit it. */
  | 'algorithm'
  | 'signature'

/** The response of an authenticator is refused. `malformed` is a bad request; everything else is a failed attempt. */
export class PasskeyRefusal extends Error {
  readonly reason: PasskeyRefusalReason

  constructor(reason: PasskeyRefusalReason, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'PasskeyRefusal'
    this.reason = reason
  }

  get isMalformed(): boolean {
    return this.reason === 'malformed'
  }
}

/**
 * Calls the library on bytes from a client. Whatever it throws becomes a refusal, even the `RangeError` of CBOR that is
 * nested too deep.
 */
export async function orRefuse<T>(reason: PasskeyRefusalReason, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    throw new PasskeyRefusal(reason, { cause })
  }
}
