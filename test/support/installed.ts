/** Projects with our package and others from the registry. npm caches its downloads. */
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { type ProcessOptions, ROOT, run } from './service.ts'
import type { OnEnd } from './system.ts'

/** A PATH on which the scripts of packages find this Node. */
export const PATH = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`

/** What npm needs to reach the registry through a proxy or with a certificate of its own. */
const NETWORK = Object.fromEntries(
  ['NODE_EXTRA_CA_CERTS', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => {
    const value = process.env[name] ?? process.env[name.toLowerCase()]
    return value === undefined ? [] : [[name, value]]
  }),
)

/** Runs a program. @returns Its standard output. @throws If it fails, with its output in the message. */
export async function succeed(
  program: string,
  args: readonly string[],
  options: ProcessOptions,
): Promise<string> {
  const { exitCode, stdout, stderr } = await run(program, args, options)
  if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')}\n${stdout}\n${stderr}`)
  return stdout
}

/** Copies a project to `.cache/` and installs its packages. Only packages are kept from an earlier run. */
export async function install(source: string, name: string, onEnd: OnEnd): Promise<string> {
  const folder = join(ROOT, '.cache', name)
  mkdirSync(folder, { recursive: true })
  for (const entry of readdirSync(folder))
    if (entry !== 'node_modules') rmSync(join(folder, entry), { recursive: true })
  cpSync(join(ROOT, source), folder, { recursive: true })
  const options = { env: { PATH, ...NETWORK }, onEnd }
  // The tests have built `dist/` and use it, so the scripts must not build it again.
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]
  const tarball = (await succeed('npm', pack, options)).trim()
  cpSync(join(folder, tarball), join(folder, 'bienvenue-auth.tgz'))
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  // Name the file, because npm does not notice that it has changed.
  await succeed('npm', ['install', ...flags, './bienvenue-auth.tgz'], { ...options, cwd: folder })
  return folder
}
