import { describe, expect, it } from 'vitest'
import { examine, type NamedTest, testsOfReport } from '../scripts/requirements.ts'

const PAGE = `# Requirements

- A note that is no line.

## PW: passwords

- **PW-01** L1 Long ones are taken. [ASVS]
- **PW-02** L2 Short ones are not. [ASVS]
  - waiting: production mode

## CX: conflicts

- **CX-01** All is well. [NIST]
  - not met: it is not.
`

const passed = (name: string): NamedTest => ({ name, passed: true })
const LONG = passed('passwords > takes long ones [PW-01]')

function problems(page: string, ...tests: NamedTest[]): readonly string[] {
  return examine(page, tests).problems
}

describe('the examination of requirements', () => {
  it('counts each area, and takes a line without a mark for proven where a test names it', () => {
    expect(examine(PAGE, [LONG, passed('something else')])).toEqual({
      areas: [
        { name: 'PW: passwords', counts: { proven: 1, waiting: 1, 'not met': 0 } },
        { name: 'CX: conflicts', counts: { proven: 0, waiting: 0, 'not met': 1 } },
      ],
      notMet: ['CX-01: it is not.'],
      problems: [],
    })
  })

  it('takes the name alone where no test was run', () => {
    expect(problems(PAGE, { ...LONG, passed: null })).toEqual([])
  })

  it('finds a line that has neither a test nor a mark', () => {
    expect(problems(PAGE)).toEqual(['PW-01: no test names it, and it has no mark'])
    expect(examine(PAGE, []).areas[0]?.counts.proven).toBe(0)
  })

  it('finds a line whose test did not pass, even beside another that did', () => {
    const failed = { name: 'in byte 73 [PW-01]', passed: false }
    expect(problems(PAGE, LONG, failed)).toEqual([
      'PW-01: not proven, since this test did not pass: in byte 73 [PW-01]',
    ])
  })

  it('finds a test that names an id that is not there, or names it wrongly', () => {
    const wrong = ['PW-03', 'PW-1', 'TX-01', 'PW-01 PW-02', 'PW-01,CX-01']
    for (const ids of wrong) {
      const name = `a test [${ids}]`
      expect(problems(PAGE, LONG, passed(name))).toEqual([
        `${ids}: no line has this id, but a test names it: ${name}`,
      ])
    }
  })

  it('finds a mark that a test has overtaken, of either kind', () => {
    const name = 'refuses short ones [PW-02, CX-01]'
    expect(problems(PAGE, LONG, passed(name))).toEqual([
      `PW-02: marked "waiting", but a test names it: ${name}`,
      `CX-01: marked "not met", but a test names it: ${name}`,
    ])
  })

  it('reads the ids of a suite and of a test, and no other brackets', () => {
    const page = PAGE.replace(/^ {2}- .*\n/gm, '')
    expect(problems(page, passed('a suite [CX-01], on sqlite > of [::1] and [a] [PW-01, PW-02]'))).toEqual([])
  })

  it.each([
    ['a mark without its words', '  - waiting: production mode', '  - waiting:'],
    ['a mark of another kind', '  - not met: it is not.', '  - proven'],
    ['a second mark', '  - not met: it is not.', '  - not met: it is not.\n  - waiting: mail'],
    ['an id without its number', '**PW-02**', '**PW-**'],
    ['an id of one digit', '**PW-02**', '**PW-2**'],
    ['a line without words', '**CX-01** All is well. [NIST]', '**CX-01**'],
  ])('finds %s', (_, right, wrong) => {
    expect(problems(PAGE.replace(right, wrong), LONG)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^neither a line nor its one mark: /)]),
    )
  })

  it('finds an id that stands twice, and a page without lines', () => {
    expect(problems(PAGE.replace('**CX-01**', '**PW-01**'), LONG)).toContain('PW-01: two lines have this id')
    expect(problems('# Nothing')).toEqual(['the page has no lines'])
  })
})

it('the report of the runner gives every test with its suites, passed or not', () => {
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
