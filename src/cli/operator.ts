import { userInfo } from 'node:os'
import type { Caller } from '../auth/index.ts'

/** The person who runs a command, by their account on this machine, so that the audit tells operators apart. */
export function operator(): Caller {
  return { actor: { kind: 'operator', id: nameOnThisMachine() } }
}

function nameOnThisMachine(): string | undefined {
  try {
    return userInfo().username
  } catch {
    // A container may run under a number that has no name.
    return process.getuid === undefined ? undefined : `uid ${process.getuid()}`
  }
}
