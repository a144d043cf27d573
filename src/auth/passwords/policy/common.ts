import { readFile } from 'node:fs/promises'
import { codePointsIn } from './characters.ts'
import { isMostlyRuns, repeatedUnit } from './patterns.ts'

/** Below this no length is accepted (NIST SP 800-63B-4 §3.1.1.2), and so none of a unit that is repeated. */
const UNIT_MIN_LENGTH = 8

/**
 * Whether a folded password is among the commonest ones, is little but runs, or is a repetition. A repetition
 * is as good as its unit, less the spaces around it: that has to have the length and not to be common itself.
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

/** The list, folded. Read on first use and kept. */
export function commonPasswords(): Promise<ReadonlySet<string>> {
  loading ??= readList()
  return loading
}

async function readList(): Promise<ReadonlySet<string>> {
  const text = await readFile(new URL('./common-passwords.txt', import.meta.url), 'utf8')
  return new Set(text.trimEnd().split('\n'))
}
