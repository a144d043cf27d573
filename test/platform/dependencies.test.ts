/** When `npm run audit` fails, and what is published and installed. These tests do not contact the registry. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type AuditReport, type Known, problemsIn } from '../../scripts/audit.ts'

const TODAY = new Date('2026-11-26T12:00:00Z')

function reportOf(severity: string): AuditReport {
  const advisory = {
    name: 'left-pad',
    title: 'Prototype pollution',
    url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
    severity,
  }
  // A package that depends on the vulnerable one is reported with its name alone.
  return { vulnerabilities: { 'left-pad': { via: [advisory] }, 'right-pad': { via: ['left-pad'] } } }
}

const problemsWith = (severity: string, known: Known) =>
  problemsIn(reportOf(severity), { 'GHSA-aaaa-bbbb-cccc': known }, TODAY)

it.each([
  ['critical', '2026-11-20', '2026-11-18'],
  ['high', '2026-10-28', '2026-10-26'],
  ['moderate', '2026-08-29', '2026-08-27'],
])('fails on a %s vulnerability only after its deadline', (severity, inTime, overdue) => {
  expect(problemsWith(severity, { published: inTime })).toEqual([])
  expect(problemsWith(severity, { published: overdue })).toEqual([
    expect.stringMatching(
      /^GHSA-aaaa-bbbb-cccc \(\w+, left-pad: Prototype pollution\): overdue since 2026-11-2\d$/,
    ),
  ])
})

it('sets no deadline for a low or unreachable vulnerability', () => {
  expect(problemsWith('low', { published: '2020-01-01' })).toEqual([])
  expect(problemsWith('critical', { published: '2020-01-01', unreachable: 'used in tests only' })).toEqual([])
})

it('fails once on an advisory without a note and on a note without an advisory', () => {
  expect(problemsIn(reportOf('low'), {}, TODAY)).toEqual([
    expect.stringMatching(/^GHSA-aaaa-bbbb-cccc .*: not reviewed\./),
  ])
  expect(problemsIn({ vulnerabilities: {} }, { 'GHSA-old': { published: '2026-01-01' } }, TODAY)).toEqual([
    expect.stringMatching(/^GHSA-old: no longer reported\./),
  ])
})

it('publishes only after the audit, with provenance', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, unknown>
  expect(manifest).toMatchObject({
    publishConfig: { provenance: true },
    scripts: { audit: 'node scripts/audit.ts', prepublishOnly: 'npm run audit' },
  })
})

it('installs every package by its hash, and no package of production with a script', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { integrity?: string; hasInstallScript?: boolean; dev?: boolean }>
  }
  const entries = Object.entries(packages).filter(([path]) => path !== '')
  expect(entries.length).toBeGreaterThan(50)
  expect(entries.filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-'))).toEqual([])
  expect(entries.filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev)).toEqual([])
})
