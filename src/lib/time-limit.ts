/** Limits the time of code that the service does not control. */

/** How long a function of the application may take: a hook, or a template of a mail. */
export const APPLICATION_LIMIT_MS = 5_000

/** Work took longer than its limit. */
export class TimeLimitExceeded extends Error {
  override readonly name = 'TimeLimitExceeded'
}

/**
 * Runs work with a time limit. Work that takes longer goes on, but its result is ignored.
 *
 * @returns The result of the work.
 * @throws {TimeLimitExceeded} The work has not ended within the limit.
 */
export async function withinLimit<Result>(
  limitMs: number,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  const expiry = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => expiry.reject(new TimeLimitExceeded(`did not end within ${limitMs / 1_000} s`)),
    limitMs,
  )
  try {
    return await Promise.race([work(), expiry.promise])
  } finally {
    clearTimeout(timer)
  }
}
