import { lstatSync } from 'node:fs'
import { isObject } from '../../lib/is-object.ts'
import { readTextFile, UnreadableFile } from '../../lib/setting-file.ts'
import { UsageError } from '../command.ts'
import { readGivenFile } from '../given-file.ts'

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

function readManifest(): Readonly<Record<string, unknown>> {
  if (lstatSync('package.json', { throwIfNoEntry: false }) === undefined)
    throw new UsageError(
      'There is no package.json here. Change to the folder of your application, or create the file with: npm init',
    )
  try {
    const manifest: unknown = JSON.parse(readGivenFile('package.json'))
    if (isObject(manifest)) return manifest
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new UsageError('package.json is not a JSON object. Correct it, then run this command again.')
}

function keysOf(value: unknown): string[] {
  return isObject(value) ? Object.keys(value) : []
}
