import { userInfo } from 'node:os'
import type { Caller } from '../auth/index.ts'

/** The person who runs the command, named by their user account so that the audit log tells operators apart. */
export function operator(): Caller {
  return { actor: { kind: 'operator', id: nameOnThisMachine() } }
}

function nameOnThisMachine(): string | undefined {
  try {
    return userInfo().username
  } catch {
    // A container may run under a user id that has no name.
    return process.getuid === undefined ? undefined : `uid ${process.getuid()}`
  }
}
