import { readFile } from 'node:fs/promises'
import { codePointsIn } from './characters.ts'
import { isMostlyRuns, repeatedUnit } from './patterns.ts'

/** A repeated unit needs at least this length, even if shorter passwords are allowed (NIST SP 800-63B-4 §3.1.1.2). */
const UNIT_MIN_LENGTH = 8

/**
 * Whether a folded password is on the list of common passwords, consists mostly of runs, or repeats a weak unit. A
 * repetition is as good as its unit without surrounding spaces, so the unit must be long enough and not common itself.
 */
export async function isTooCommon(password: string, minPasswordLength: number): Promise<boolean> {
  if (isMostlyRuns(password)) return true
  const list = await commonPasswords()
  const unit = repeatedUnit(password)?.trim()
  if (unit === undefined) return list.has(password)
  return (
    codePointsIn(unit) < Math.max(minPasswordLength, UNIT_MIN_LENGTH) ||
    isMostlyRuns(unit) ||
    list.has(unit) ||
    list.has(password)
  )
}

let loading: Promise<ReadonlySet<string>> | undefined

/** The list of common passwords, folded. Loaded on first use and kept in memory. */
export function commonPasswords(): Promise<ReadonlySet<string>> {
  loading ??= readList()
  return loading
}

async function readList(): Promise<ReadonlySet<string>> {
  const text = await readFile(new URL('./common-passwords.txt', import.meta.url), 'utf8')
  return new Set(text.trimEnd().split('\n'))
}
