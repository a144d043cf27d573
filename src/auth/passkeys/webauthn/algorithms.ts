/** The COSE numbers of the supported algorithms. */
export const EDDSA = -8
export const ES256 = -7
export const RS256 = -257

/**
 * The supported algorithms, preferred first. They are always passed to the library, whose default tries experimental
 * ones and prints warnings.
 */
export const ALGORITHMS = [EDDSA, ES256, RS256] as const

/** The COSE number of a supported algorithm. */
export type PasskeyAlgorithm = (typeof ALGORITHMS)[number]
