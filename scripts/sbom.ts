/**
 * Writes `dist/sbom.cdx.json`, the bill of materials of the package (CycloneDX): every package that is installed with
 * it or bundled into the command, by the lockfile. Part of `npm pack`. Needs no network.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

interface Bill {
  serialNumber?: string
  readonly metadata: { timestamp?: string; readonly component: { name: string } }
  components: { readonly 'bom-ref': string }[]
  dependencies: { readonly ref: string; dependsOn: string[] }[]
}

/** `name@version` of every production package, including those for other platforms. */
function productionPackages(): Set<string> {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { version: string; dev?: boolean }>
  }
  const entries = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev)
  return new Set(entries.map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`))
}

export function billOfMaterials(): Bill {
  // `--omit=dev` would also drop production packages that are peers of a development package: hono, pg, zod.
  const args = [
    'sbom',
    '--package-lock-only',
    '--include=dev',
    '--legacy-peer-deps',
    '--sbom-format=cyclonedx',
  ]
  const { status, stdout, stderr } = spawnSync('npm', args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error(`npm sbom: ${stderr}`)
  const bill = JSON.parse(stdout) as Bill
  const { name, version } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, string>
  const listed = productionPackages()
  const isListed = (ref: string) => listed.has(ref)
  // Two builds of the same commit must give the same file.
  delete bill.serialNumber
  delete bill.metadata.timestamp
  // npm uses the name of the directory.
  bill.metadata.component.name = name ?? ''
  bill.components = bill.components.filter((component) => isListed(component['bom-ref']))
  bill.dependencies = bill.dependencies
    .filter(({ ref }) => isListed(ref) || ref === `${name}@${version}`)
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(isListed) }))
  return bill
}

if (import.meta.main) writeFileSync('dist/sbom.cdx.json', `${JSON.stringify(billOfMaterials(), null, 2)}\n`)
