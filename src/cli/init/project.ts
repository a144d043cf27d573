import { lstatSync } from 'node:fs'
import { readTextFile, UnreadableFile } from '../../lib/setting-file.ts'
import { UsageError } from '../command.ts'

/** What `init` knows about the application in the current folder. */
export interface Project {
  /** The names of all packages that package.json asks for. */
  readonly packages: readonly string[]
  readonly isTypeScript: boolean
  /** Whether `.js` and `.ts` files are ES modules: package.json has `"type": "module"`. */
  readonly isModule: boolean
  /** Whether TypeScript imports name the `.ts` file, as Node requires, and not the `.js` file that a compiler writes. */
  readonly importsTypeScript: boolean
  /** Whether a folder exists. A symbolic link does not count. */
  hasFolder(path: string): boolean
}

/**
 * Reads the project in the current folder.
 *
 * @throws {UsageError} package.json is missing or invalid.
 */
export function readProject(): Project {
  const manifest = readManifest()
  const packages = [...keysOf(manifest.dependencies), ...keysOf(manifest.devDependencies)]
  const tsconfig = textOf('tsconfig.json')
  return {
    packages,
    isTypeScript: tsconfig !== null || packages.includes('typescript'),
    isModule: manifest.type === 'module',
    // A text search, because tsconfig.json has comments. Without the file, nothing compiles: Node or a bundler reads `.ts`.
    importsTypeScript:
      tsconfig === null ||
      /"(?:allowImportingTsExtensions|rewriteRelativeImportExtensions)"\s*:\s*true/.test(tsconfig),
    hasFolder: (path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true,
  }
}

/** The text of a file. `null` if it is missing, empty or not readable text. */
export function textOf(path: string): string | null {
  try {
    return readTextFile(path)
  } catch (error) {
    if (error instanceof UnreadableFile) return null
    throw error
  }
}

function readManifest(): Record<string, unknown> {
  if (lstatSync('package.json', { throwIfNoEntry: false }) === undefined)
    throw new UsageError(
      'There is no package.json here. Change to the folder of your application, or create the file with: npm init',
    )
  try {
    const manifest: unknown = JSON.parse(readTextFile('package.json'))
    if (isObject(manifest)) return manifest
  } catch (error) {
    if (error instanceof UnreadableFile) throw new UsageError(`Cannot read package.json: ${error.message}.`)
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new UsageError('package.json is not a JSON object. Correct it, then run this command again.')
}

function keysOf(value: unknown): string[] {
  return isObject(value) ? Object.keys(value) : []
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
