import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inspectMutants, judge } from '../../scripts/mutants.ts'
import { provenIds } from '../../scripts/requirements.ts'
import { MUTANTS, WITHOUT_MUTANT } from '../mutants/index.ts'
import type { Mutant } from '../mutants/mutant.ts'

const MUTANT: Mutant = {
  id: 'PW-01',
  does: 'accepts short passwords',
  file: 'policy.ts',
  find: 'length < 15',
  replace: 'false',
}
const SOURCE = 'if (length < 15) throw new Error()'

function problems({
  mutants = [MUTANT],
  without = [],
  ids = ['PW-01'],
  source = SOURCE,
}: {
  mutants?: Mutant[]
  without?: string[]
  ids?: string[]
  source?: string
}): string[] {
  return inspectMutants(mutants, without, ids, () => source)
}

it('every proven requirement has mutants, and each of them can be made', () => {
  const ids = provenIds(readFileSync('docs/security/security.md', 'utf8'))
  expect(inspectMutants(MUTANTS, WITHOUT_MUTANT, ids, (file) => readFileSync(file, 'utf8'))).toEqual([])
})

describe('the check of the mutants', () => {
  it('accepts a mutant for each requirement', () => {
    expect(problems({})).toEqual([])
    expect(problems({ ids: ['PW-01', 'PW-02'], without: ['PW-02'] })).toEqual([])
  })

  it('reports a requirement without a mutant', () => {
    expect(problems({ ids: ['PW-01', 'PW-02'] })).toEqual(['PW-02: has no mutant'])
  })

  it('reports an id that no proven requirement has', () => {
    expect(problems({ mutants: [MUTANT, { ...MUTANT, id: 'PW-09' }] })).toEqual([
      'PW-09: no proven requirement has this id',
    ])
    expect(problems({ without: ['PW-09'] })).toEqual(['PW-09: no proven requirement has this id'])
  })

  it('reports a requirement that is listed without a mutant and has one', () => {
    expect(problems({ without: ['PW-01'] })).toEqual(['PW-01: has a mutant, but is listed without one'])
  })

  it('reports a text that is gone or occurs twice', () => {
    for (const [source, count] of [
      ['', 0],
      [SOURCE + SOURCE, 2],
    ] as const)
      expect(problems({ source })).toEqual([
        `PW-01, accepts short passwords: the text occurs ${count} times in policy.ts, not once`,
      ])
  })

  it('reports a mutant that changes nothing', () => {
    expect(problems({ mutants: [{ ...MUTANT, replace: MUTANT.find }] })).toEqual([
      'PW-01, accepts short passwords: changes nothing',
    ])
  })
})

describe('a mutant', () => {
  const named = (passed: boolean | null) => ({ name: 'refuses short passwords [PW-02, PW-01]', passed })

  it('is killed if a test that names the requirement fails', () => {
    expect(judge('PW-01', [named(true), named(false)], new Set())).toEqual({
      state: 'killed',
      by: named(false).name,
    })
  })

  it('survives if every test that names the requirement passes', () => {
    expect(judge('PW-01', [named(true), named(null)], new Set())).toEqual({ state: 'survived' })
    const other = { name: 'another test [PW-11]', passed: false }
    expect(judge('PW-01', [named(true), other], new Set())).toEqual({ state: 'survived' })
  })

  it('is broken if no test ran, because its file could not be loaded', () => {
    expect(judge('PW-01', [], new Set())).toEqual({ state: 'broken' })
    expect(judge('PW-01', [named(null)], new Set())).toEqual({ state: 'broken' })
  })

  it('is not killed by a test that fails without it too', () => {
    expect(judge('PW-01', [named(false)], new Set([named(false).name]))).toEqual({ state: 'broken' })
  })
})
