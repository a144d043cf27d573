import { describe, expect, it } from 'vitest'
import { examine, type NamedTest, testsOfReport } from '../../scripts/requirements.ts'

const PAGE = `# Requirements

- A note that is not a requirement.

## PW: passwords

- **PW-01** L1 Long passwords are accepted. [ASVS]
- **PW-02** L2 Short passwords are refused. [ASVS]
  - waiting: production mode

## CX: conflicts

- **CX-01** Conflicts are resolved. [NIST]
  - not met: not implemented.
`

const passed = (name: string): NamedTest => ({ name, passed: true })
const LONG = passed('passwords > accepts long passwords [PW-01]')

function problems(page: string, ...tests: NamedTest[]): readonly string[] {
  return examine(page, tests).problems
}

describe('the requirements check', () => {
  it('counts each area, and a line without a mark as proven if a test names it', () => {
    expect(examine(PAGE, [LONG, passed('something else')])).toEqual({
      areas: [
        { name: 'PW: passwords', counts: { proven: 1, waiting: 1, 'not met': 0 } },
        { name: 'CX: conflicts', counts: { proven: 0, waiting: 0, 'not met': 1 } },
      ],
      notMet: ['CX-01: not implemented.'],
      problems: [],
    })
  })

  it('accepts the name alone if no test was run', () => {
    expect(problems(PAGE, { ...LONG, passed: null })).toEqual([])
  })

  it('reports a line without a test or a mark', () => {
    expect(problems(PAGE)).toEqual(['PW-01: no test names it, and it has no mark'])
    expect(examine(PAGE, []).areas[0]?.counts.proven).toBe(0)
  })

  it('reports a line with a failed test, even if another passed', () => {
    const failed = { name: 'in byte 73 [PW-01]', passed: false }
    expect(problems(PAGE, LONG, failed)).toEqual([
      'PW-01: not proven, since this test did not pass: in byte 73 [PW-01]',
    ])
  })

  it('reports a test with an unknown or malformed id', () => {
    const wrong = ['PW-03', 'PW-1', 'TX-01', 'PW-01 PW-02', 'PW-01,CX-01']
    for (const ids of wrong) {
      const name = `a test [${ids}]`
      expect(problems(PAGE, LONG, passed(name))).toEqual([
        `${ids}: no line has this id, but a test names it: ${name}`,
      ])
    }
  })

  it('reports a mark on a line that has a test', () => {
    const name = 'refuses short passwords [PW-02, CX-01]'
    expect(problems(PAGE, LONG, passed(name))).toEqual([
      `PW-02: marked "waiting", but a test names it: ${name}`,
      `CX-01: marked "not met", but a test names it: ${name}`,
    ])
  })

  it('reads ids from suite and test names and ignores other brackets', () => {
    const page = PAGE.replace(/^ {2}- .*\n/gm, '')
    expect(problems(page, passed('a suite [CX-01], on sqlite > of [::1] and [a] [PW-01, PW-02]'))).toEqual([])
  })

  it.each([
    ['a mark without text', '  - waiting: production mode', '  - waiting:'],
    ['an unknown mark', '  - not met: not implemented.', '  - proven'],
    ['a second mark', '  - not met: not implemented.', '  - not met: not implemented.\n  - waiting: mail'],
    ['an id without its number', '**PW-02**', '**PW-**'],
    ['an id of one digit', '**PW-02**', '**PW-2**'],
    ['a line without text', '**CX-01** Conflicts are resolved. [NIST]', '**CX-01**'],
  ])('reports %s', (_, right, wrong) => {
    expect(problems(PAGE.replace(right, wrong), LONG)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^neither a line nor its one mark: /)]),
    )
  })

  it('reports a repeated id and a page without lines', () => {
    expect(problems(PAGE.replace('**CX-01**', '**PW-01**'), LONG)).toContain('PW-01: two lines have this id')
    expect(problems('# Nothing')).toEqual(['the page has no lines'])
  })
})

it('testsOfReport returns every test with its suites and whether it passed', () => {
  const assertionResults = ['passed', 'failed', 'pending'].map((status) => ({
    fullName: `suite ${status}`,
    status,
  }))
  expect(testsOfReport(JSON.stringify({ testResults: [{ assertionResults }] }))).toEqual([
    { name: 'suite passed', passed: true },
    { name: 'suite failed', passed: false },
    { name: 'suite pending', passed: false },
  ])
})
