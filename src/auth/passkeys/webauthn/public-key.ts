import { EDDSA, ES256, type PasskeyAlgorithm, RS256 } from './algorithms.ts'
import { type Library, loadLibrary } from './library.ts'
import { orRefuse, PasskeyRefusal } from './refusal.ts'

/** Shorter moduli are weak. Longer ones, and long exponents, would let a client choose how long each sign-in takes us. */
const RSA_BYTES = { modulus: { min: 256, max: 512 }, exponent: { min: 1, max: 4 } } as const

/**
 * The algorithm of a public key in COSE form. The library compares only its number. This also checks that the key fits
 * the algorithm: Ed25519, P-256, or RSA of 2,048 to 4,096 bits.
 *
 * @throws PasskeyRefusal `algorithm`.
 */
export async function algorithmOf(publicKey: Uint8Array, library: Library): Promise<PasskeyAlgorithm> {
  const algorithm = await orRefuse('algorithm', () => find(publicKey, library))
  if (algorithm === null) throw new PasskeyRefusal('algorithm')
  return algorithm
}

/** Whether bytes are a public key in COSE form of this algorithm. */
export async function isPublicKey(bytes: Uint8Array, algorithm: PasskeyAlgorithm): Promise<boolean> {
  try {
    return (await algorithmOf(bytes, await loadLibrary())) === algorithm
  } catch (error) {
    if (error instanceof PasskeyRefusal) return false
    throw error
  }
}

function find(publicKey: Uint8Array, library: Library): PasskeyAlgorithm | null {
  const { COSEKEYS, COSECRV, COSEKTY } = library.cose
  const key = library.isoCBOR.decodeFirst<ReadonlyMap<number, unknown>>(new Uint8Array(publicKey))
  const has = (label: number, { min, max }: { min: number; max: number }) => {
    const value = key.get(label)
    return value instanceof Uint8Array && value.length >= min && value.length <= max
  }
  const isOn = (curve: number) => key.get(COSEKEYS.crv) === curve && has(COSEKEYS.x, { min: 32, max: 32 })
  const type = key.get(COSEKEYS.kty)
  switch (key.get(COSEKEYS.alg)) {
    case EDDSA:
      return type === COSEKTY.OKP && isOn(COSECRV.ED25519) ? EDDSA : null
    case ES256:
      return type === COSEKTY.EC2 && isOn(COSECRV.P256) && has(COSEKEYS.y, { min: 32, max: 32 })
        ? ES256
        : null
    case RS256:
      return type === COSEKTY.RSA && has(COSEKEYS.n, RSA_BYTES.modulus) && has(COSEKEYS.e, RSA_BYTES.exponent)
        ? RS256
        : null
    default:
      return null
  }
}
