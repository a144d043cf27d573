import { MaintenanceError, OptionError } from '../../model/errors.ts'
import { isUnavailable } from '../dialect.ts'

/**
 * A sentence for the operator if the database refused something that was not foreseen, such as a check or the name of an index.
 * Other errors are returned unchanged.
 *
 * @param what - What failed, and that nothing was changed.
 */
export function refusalOf(error: unknown, what: string): unknown {
  const reason = error instanceof OptionError ? error.cause : error
  if (!(reason instanceof Error) || reason instanceof MaintenanceError || isUnavailable(reason)) return error
  return new MaintenanceError(`${what}: ${reason.message}`, { cause: error })
}
