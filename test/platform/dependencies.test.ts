/** When `npm run audit` fails. These tests do not contact the registry. */
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
