/** The COSE numbers of the listed algorithms. */
export const EDDSA = -8
export const ES256 = -7
export const RS256 = -257

/**
 * The listed algorithms, preferred first. They are always passed to the library, whose own default tries experimental ones and
 * prints warnings.
 */
export const ALGORITHMS = [EDDSA, ES256, RS256] as const

/** The COSE number of a listed algorithm. */
export type PasskeyAlgorithm = (typeof ALGORITHMS)[number]
