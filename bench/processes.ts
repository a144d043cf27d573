/** The CPU time and memory of a process and all its children, read from `/proc`, which only Linux has. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

/** Whether this system reports the usage of processes. */
export const CAN_TELL_USAGE = existsSync('/proc/self/stat')

/** `/proc` counts in hundredths of a second, whatever the kernel's own tick is (USER_HZ). */
const TICKS_PER_SECOND = 100
const BYTES_PER_KIB = 1_024
const SETTLE_STEP_MS = 200
const SETTLE_STEPS_MAX = 150

/** The total usage of a process and its children. */
export interface Usage {
  /** User and system time since the start. */
  readonly cpuSeconds: number
  /** Resident memory. Memory shared between processes is counted in each. */
  readonly residentBytes: number
}

/** @returns `null` if this system does not report it. */
export function usageOf(pid: number): Usage | null {
  if (!CAN_TELL_USAGE) return null
  let cpuSeconds = 0
  let residentBytes = 0
  for (const member of familyOf(pid)) {
    const stat = fieldsOf(member)
    if (stat === null) continue
    cpuSeconds += (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND
    residentBytes += residentBytesOf(member)
  }
  return { cpuSeconds, residentBytes }
}

/** Waits up to half a minute until a server is idle, because clients that disconnected leave work behind. */
export async function settle(pid: number): Promise<void> {
  let before = usageOf(pid)
  for (let step = 0; step < SETTLE_STEPS_MAX; step++) {
    await setTimeout(SETTLE_STEP_MS)
    const after = usageOf(pid)
    if (before === null || after === null) return
    if (after.cpuSeconds - before.cpuSeconds <= 2 / TICKS_PER_SECOND) return
    before = after
  }
  throw new Error(`process ${pid} is still busy`)
}

function familyOf(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? fieldsOf(Number(name)) : null
    if (stat !== null) parents.set(Number(name), Number(stat[1]))
  }
  const family = [pid]
  for (const member of family)
    for (const [child, parent] of parents) if (parent === member) family.push(child)
  return family
}

/** The fields after the name, which may contain spaces: state, parent, … (proc_pid_stat(5)). */
function fieldsOf(pid: number): string[] | null {
  const text = readOrNull(`/proc/${pid}/stat`)
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function residentBytesOf(pid: number): number {
  const [, kib = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readOrNull(`/proc/${pid}/status`) ?? '') ?? []
  return Number(kib) * BYTES_PER_KIB
}

// A process may end while it is read.
function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
