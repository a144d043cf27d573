/** SECURITY.md, and what all the documents of this folder name. */
import { describe, expect, it } from 'vitest'
import { DAYS_TO_FIX } from '../../scripts/audit.ts'
import { ERRORS } from '../../src/model/errors.ts'
import { code, codes, filesWith, read, SETTINGS_BY_ENV, SOURCES, table } from './pages.ts'

const PAGES = [
  'docs/reference/data.md',
  'docs/reference/logging.md',
  'docs/security/audit.md',
  'docs/security/cryptography.md',
  'docs/security/destinations.md',
  'docs/security/email.md',
  'docs/security/limits.md',
  'docs/security/sessions.md',
  'docs/security/ways-in.md',
]

it.each(PAGES)('%s names settings and refusals that exist', (path) => {
  const page = read(path)
  const named = codes(page).map((text) => text.replace(/[=:].*$/, ''))
  const variables = named.filter((text) => /^(?:BIENVENUE_[A-Z_]+|[A-Z]+_URL)$/.test(text))
  expect(variables.filter((variable) => !SETTINGS_BY_ENV.has(variable))).toEqual([])
  const refusals = [...page.matchAll(/\b[45]\d\d `(\w+)`/g)].map(([, refusal = '']) => refusal)
  expect(refusals.filter((refusal) => !Object.hasOwn(ERRORS, refusal))).toEqual([])
})

describe('SECURITY.md', () => {
  const page = 'SECURITY.md'
  const manifest = JSON.parse(read('package.json')) as {
    version: string
    dependencies: Record<string, string>
    allowScripts: Record<string, boolean>
    publishConfig: object
    scripts: Record<string, string>
  }

  it('names the version that gets fixes, and days for every severity', () => {
    const [major, minor] = manifest.version.split('.')
    expect(table(page, 'Supported versions')).toEqual([
      { Version: `${major}.${minor}`, 'Gets fixes': 'yes' },
      { Version: 'older', 'Gets fixes': 'no' },
    ])
    const days = table(page, 'Dependencies')
    expect(days.map(({ Severity }) => Severity)).toEqual(['critical', 'high', 'moderate', 'low'])
    const [critical, high, moderate] = days.map(({ Days }) => Number(Days))
    expect({ critical, high, moderate }).toEqual(DAYS_TO_FIX)
  })

  it('names every package of production with its risk and containment, and no other', () => {
    const packages = table(page, 'Risky components')
    expect(packages.map(({ Package }) => code(Package))).toEqual(Object.keys(manifest.dependencies))
    for (const row of packages) expect(Object.values(row), row.Package).not.toContain('')
  })

  it('names every dangerous function where it stands, and no other', () => {
    const described = table(page, 'Risky components', 1).map((row) => [code(row.Function), codes(row.In)])
    expect(Object.fromEntries(described)).toEqual({
      'sql.raw': filesWith(/\bsql\.raw\(/),
      'CompiledQuery.raw': filesWith(/\bCompiledQuery\.raw\(/),
      raw: filesWith(/(?<![.\w])raw\(/),
      openSync: filesWith(/\bopenSync\(/),
      open: filesWith(/\bawait open\(/),
      createWriteStream: filesWith(/\bcreateWriteStream\(/),
      readFile: filesWith(/\breadFile(?:Sync)?\(/),
      'import()': filesWith(/\bimport\(/),
      'cluster.fork': filesWith(/\bfork\(/),
    })
    for (const { file, text } of SOURCES)
      for (const [, what = ''] of text.matchAll(/\bimport\(([^)]*)\)/g))
        expect(what, file).toMatch(/^'[^']+'$/)
    const modules = /'node:(?:vm|child_process|worker_threads|inspector|repl|module)'/
    const makers =
      /\beval\(|new Function\b|new RegExp\(|innerHTML|outerHTML|insertAdjacentHTML|document\.write/
    expect([...filesWith(modules), ...filesWith(makers)]).toEqual([])
  })

  it('is right about publishing: the audit first, and with provenance', () => {
    expect(manifest.publishConfig).toMatchObject({ provenance: true })
    expect(manifest.scripts).toMatchObject({
      audit: 'node scripts/audit.ts',
      prepublishOnly: 'npm run audit',
    })
  })

  it('is right about the lockfile: every package has its hash, and none of production has a script', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { integrity?: string; hasInstallScript?: boolean; dev?: boolean }>
    }
    const entries = Object.entries(packages).filter(([path]) => path !== '')
    expect(entries.length).toBeGreaterThan(50)
    expect(entries.filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-'))).toEqual([])
    expect(entries.filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev)).toEqual([])
    expect(Object.keys(manifest.allowScripts)).not.toEqual([])
  })
})
