import { OPERATIONS } from '../../src/api/index.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Every operation, by path and method. */
export const ROUTES = OPERATIONS.toSorted(
  (a, b) =>
    (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) || METHODS.indexOf(a.method) - METHODS.indexOf(b.method),
)
