import { OptionError } from '../model/errors.ts'

/** The methods that each object of the caller must have. */
const METHODS = {
  hasher: ['hash', 'verify', 'verifyNothing', 'needsRehash'],
  mailer: ['send', 'close'],
  logger: ['debug', 'info', 'warn', 'error'],
} as const

type Dependencies = { readonly [Name in keyof typeof METHODS | 'now' | 'onAudit']?: unknown }

/**
 * Checks the functions and objects that the caller of the library passes, so that a mistake stops the start instead of a later
 * call. `undefined`: not passed.
 *
 * @throws {OptionError} One is not a function, or has not all of its methods.
 */
export function assertDependencies({ now, onAudit, ...objects }: Dependencies): void {
  for (const [name, given] of Object.entries({ now, onAudit }))
    if (given !== undefined && typeof given !== 'function') throw new OptionError(name, 'expected a function')
  for (const [name, methods] of Object.entries(METHODS) as [keyof typeof METHODS, readonly string[]][]) {
    const given = objects[name]
    if (given === undefined) continue
    const missing = methods.find(
      (method) => typeof (given as Record<string, unknown> | null)?.[method] !== 'function',
    )
    if (missing !== undefined)
      throw new OptionError(
        name,
        `expected an object with the methods ${methods.join(', ')}; ${missing} is missing`,
      )
  }
}
