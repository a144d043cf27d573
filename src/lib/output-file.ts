/**
 * Files that a command writes. A target is refused before anything is written if it is a file that this run already
 * uses, or if it exists and may not be replaced. A file is written beside its target and gets its name when it is
 * complete, so that it is there whole or not at all.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, isAbsolute, join } from 'node:path'

/** The target cannot be written. Nothing was changed. */
export class OutputError extends Error {
  override readonly name = 'OutputError'
}

/** A file that this run reads or writes, so that no output may replace it. */
export interface FileInUse {
  /** Its path, or the number of its descriptor. */
  readonly file: string | number
  /** What it is, for the sentence "FILE is …". */
  readonly what: string
}

/** A file that is being written. */
export interface OutputFile {
  /** Where to write: an empty file with mode 0600 beside the target, or the target itself where it is a stream. */
  readonly path: string
  /** The same file, open for writing. */
  readonly fd: number
  /**
   * Writes the file to the disk and gives it its name.
   *
   * @throws {OutputError} The target has come to exist in the meantime and may not be replaced.
   */
  publish(): void
  /** Closes and removes the file. Does nothing after {@link OutputFile.publish}. */
  discard(): void
}

/** How to open an output. */
export interface OutputOptions {
  /** Standard output and standard error are always in use. */
  readonly inUse: readonly FileInUse[]
  /** Whether an existing file may be replaced: `--force`. */
  readonly replace: boolean
  /** Whether the output may be a FIFO or a character device, which is written directly. Default `false`. */
  readonly mayStream?: boolean
}

const STANDARD_STREAMS: readonly FileInUse[] = [
  { file: 1, what: 'standard output' },
  { file: 2, what: 'standard error' },
]
const STANDARD_OUTPUT = ['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']

/** Whether a command line names standard output. */
export function isStandardOutput(target: string): boolean {
  return STANDARD_OUTPUT.includes(target)
}

/**
 * Opens a file for a command to write.
 *
 * @throws {OutputError} The target is in use, exists, or cannot be written.
 */
export function openOutput(target: string, { inUse, replace, mayStream = false }: OutputOptions): OutputFile {
  return writing(target, () => {
    const stat = statSync(target, { throwIfNoEntry: false })
    if (mayStream && (stat?.isFIFO() || stat?.isCharacterDevice())) return openStream(target)
    if (stat?.isFile() === false) throw new OutputError(`${target} is not a regular file.`)
    assertNotInUse(target, [...inUse, ...STANDARD_STREAMS])
    if (lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink())
      throw new OutputError(`${target} is a symbolic link. Name the file itself.`)
    if (stat !== undefined && !replace) throw alreadyExists(target)
    return openBeside(target, replace)
  })
}

/**
 * Refuses a target that is a file in use, whatever it is called: files are compared by device and inode. One that does
 * not exist yet, such as a journal, is compared by its folder and name.
 *
 * @param target - A path, or the descriptor of standard output.
 * @throws {OutputError}
 */
export function assertNotInUse(target: string | number, inUse: readonly FileInUse[]): void {
  const identity = identityOf(target)
  const found = inUse.find(({ file }) => identityOf(file) === identity)
  if (found !== undefined)
    throw new OutputError(
      `${typeof target === 'number' ? 'standard output' : target} is ${found.what}. Nothing was written; choose another file.`,
    )
}

/** Where a path leads through its symbolic links, also where the last one points to a file that does not exist. */
export function followLinks(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') throw error
  }
  const folder = dirname(path)
  if (folder === path) return path
  const link = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : null
  if (link === null) return join(followLinks(folder), basename(path))
  // Not normalised: behind a link, `..` is not the folder that the text says.
  return followLinks(isAbsolute(link) ? link : `${realpathSync(folder)}/${link}`)
}

function identityOf(file: string | number): string {
  const stat =
    typeof file === 'number'
      ? fstatSync(file, { bigint: true })
      : statSync(file, { throwIfNoEntry: false, bigint: true })
  if (stat !== undefined) return `${stat.dev}:${stat.ino}`
  const real = followLinks(String(file))
  const folder = dirname(real)
  // Without regard to case, as some file systems compare names.
  return folder === real ? real : `${identityOf(folder)}/${basename(real).normalize().toLowerCase()}`
}

function openStream(target: string): OutputFile {
  const fd = openSync(target, 'w')
  const close = once(() => closeSync(fd))
  return { path: target, fd, publish: close, discard: close }
}

function openBeside(target: string, replace: boolean): OutputFile {
  const path = `${target}.part-${randomBytes(6).toString('hex')}`
  const fd = openSync(path, 'wx', 0o600)
  const close = once(() => closeSync(fd))
  return {
    path,
    fd,
    publish: () =>
      writing(target, () => {
        fsyncSync(fd)
        close()
        if (replace) renameSync(path, target)
        else takeName(path, target)
        persistNames(target)
      }),
    discard() {
      close()
      rmSync(path, { force: true })
    },
  }
}

/** Renames a file, but never over another one. A hard link would do it in one step, but not on every file system. */
function takeName(path: string, target: string): void {
  try {
    closeSync(openSync(target, 'wx', 0o600))
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? alreadyExists(target) : error
  }
  renameSync(path, target)
}

/** Makes sure that new names in a folder survive a power cut. */
export function persistNames(path: string): void {
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function alreadyExists(target: string): OutputError {
  return new OutputError(`${target} already exists. Add --force to replace it.`)
}

function writing<Result>(target: string, write: () => Result): Result {
  try {
    return write()
  } catch (error) {
    if (error instanceof OutputError || !(error instanceof Error)) throw error
    throw new OutputError(`Cannot write ${target}: ${error.message}`, { cause: error })
  }
}

function once(run: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    run()
  }
}
