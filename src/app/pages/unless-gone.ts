import { AuthError } from '../../model/errors.ts'

/** Waits for a change. @returns Whether its subject existed: `false` after `not_found`. */
export async function unlessGone(change: Promise<unknown>): Promise<boolean> {
  try {
    await change
    return true
  } catch (error) {
    if (error instanceof AuthError && error.code === 'not_found') return false
    throw error
  }
}
