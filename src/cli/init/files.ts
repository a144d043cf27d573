/** Writes the files of a project together: all are checked and complete before the first one appears. */
import { lstatSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { OutputError, type OutputFile, openOutput } from '../../lib/output-file.ts'

/** A file to write. */
export interface ProjectFile {
  /** Relative to the current folder. */
  readonly path: string
  readonly text: string
  /** Whether to replace an existing file. */
  readonly replace: boolean
}

/** Readable for everyone, as sources are. The umask of the user applies. */
const SOURCE_MODE = 0o666

/** @throws {OutputError} The path leads through a symbolic link, or something in the way is neither a file nor a folder. */
export function assertPlainPath(path: string): void {
  for (const folder of foldersOf(path)) {
    const found = lstatSync(folder, { throwIfNoEntry: false })
    if (found?.isSymbolicLink()) throw isLink(folder)
    if (found?.isDirectory() === false)
      throw new OutputError(`${folder} is not a folder. Nothing was written.`)
  }
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found?.isSymbolicLink()) throw isLink(path)
  if (found?.isFile() === false) throw new OutputError(`${path} is not a regular file. Nothing was written.`)
}

/**
 * Writes files that {@link assertPlainPath} accepts.
 *
 * @throws {OutputError} A file cannot be written. Unless the message says otherwise, nothing was changed.
 */
export function saveFiles(files: readonly ProjectFile[]): void {
  const created: string[] = []
  const outputs: OutputFile[] = []
  const written: string[] = []
  try {
    for (const { path, text, replace } of files) {
      for (const folder of foldersOf(path)) if (makeFolder(folder)) created.push(folder)
      const output = openOutput(path, { inUse: [], replace, mode: SOURCE_MODE })
      outputs.push(output)
      writeFileSync(output.fd, text)
    }
    for (const [index, output] of outputs.entries()) {
      output.publish()
      written.push(files[index]?.path ?? '')
    }
  } catch (error) {
    for (const output of outputs) output.discard()
    for (const folder of created.toReversed()) removeIfEmpty(folder)
    const done = written.length === 0 ? 'Nothing was written.' : `Written before that: ${written.join(', ')}.`
    throw new OutputError(`${(error as Error).message.replace(/\.?$/, '.')} ${done}`, { cause: error })
  }
}

/** The folders that a file is in, from the outermost. */
function foldersOf(path: string): string[] {
  const folder = dirname(path)
  return folder === '.' ? [] : [...foldersOf(folder), folder]
}

/** Returns whether the folder is new. */
function makeFolder(folder: string): boolean {
  if (lstatSync(folder, { throwIfNoEntry: false }) !== undefined) return false
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    throw new OutputError(`Cannot create ${folder}: ${(error as Error).message}`, { cause: error })
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // A file that was written is in it.
  }
}

function isLink(path: string): OutputError {
  return new OutputError(
    `${path} is a symbolic link, and init writes only into this folder. Nothing was written.`,
  )
}
