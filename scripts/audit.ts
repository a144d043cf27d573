/**
 * `npm run audit`: asks the registry for known vulnerabilities in the packages of the lockfile. Fails if one is overdue
 * by the deadlines of SECURITY.md, or has not been reviewed. Runs before `npm publish`.
 *
 * `scripts/advisories.json` lists the reviewed advisories by id, each with its day of publication. One that our code
 * cannot reach also has the reason, and then has no deadline.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The days from the publication of an advisory to a release without it. */
export const DAYS_TO_FIX: Readonly<Record<string, number>> = { critical: 7, high: 30, moderate: 90 }
const DAY_MS = 86_400_000

/** The part of `npm audit --json` that this script reads. */
export interface AuditReport {
  readonly vulnerabilities: Readonly<Record<string, { readonly via: readonly (Advisory | string)[] }>>
}

interface Advisory {
  readonly name: string
  readonly title: string
  readonly url: string
  readonly severity: string
}

/** A reviewed advisory. */
export interface Known {
  /** Such as `2026-11-26`. */
  readonly published: string
  /** The reason why our code cannot reach the vulnerability. */
  readonly unreachable?: string
}

/** The problems to resolve before a release, one line each. */
export function problemsIn(
  report: AuditReport,
  known: Readonly<Record<string, Known>>,
  today: Date,
): string[] {
  const found = new Map(
    Object.values(report.vulnerabilities)
      .flatMap(({ via }) => via)
      // A string names another package of the report, which has the advisory itself.
      .filter((advisory) => typeof advisory !== 'string')
      .map((advisory) => [advisory.url.replace(/^.*\//, ''), advisory] as const),
  )
  const problems = [...found].flatMap(([id, { name, severity, title, url }]) => {
    const entry = known[id]
    const label = `${id} (${severity}, ${name}: ${title})`
    if (entry === undefined)
      return [`${label}: not reviewed. Review ${url} and add it to scripts/advisories.json`]
    if (entry.unreachable !== undefined) return []
    const due = Date.parse(entry.published) + (DAYS_TO_FIX[severity] ?? Number.POSITIVE_INFINITY) * DAY_MS
    return today.getTime() > due
      ? [`${label}: overdue since ${new Date(due).toISOString().slice(0, 10)}`]
      : []
  })
  const gone = Object.keys(known).filter((id) => !found.has(id))
  return [
    ...problems,
    ...gone.map((id) => `${id}: no longer reported. Remove it from scripts/advisories.json`),
  ]
}

/** The report of npm, or its error message. The exit code does not distinguish findings from failures. */
function audit(): Partial<AuditReport> & { readonly message?: string } {
  const { stdout } = spawnSync('npm', ['audit', '--json', '--package-lock-only', '--include=dev'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    shell: process.platform === 'win32',
  })
  return JSON.parse(stdout)
}

if (import.meta.main) {
  const known = JSON.parse(readFileSync('scripts/advisories.json', 'utf8')) as Record<string, Known>
  const { vulnerabilities, message } = audit()
  const problems =
    vulnerabilities === undefined
      ? [`npm audit failed: ${message}`]
      : problemsIn({ vulnerabilities }, known, new Date())
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  if (problems.length > 0) process.exitCode = 1
  else process.stdout.write('No known vulnerability is overdue.\n')
}
