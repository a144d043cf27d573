/**
 * Output files of commands. A target is refused before anything is written if the command already uses it, or if it
 * exists and must not be replaced. The output is written to a temporary file next to the target and renamed when it is
 * complete, so the target is never incomplete.
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

/** A file that the command reads or writes and that no output may replace. */
export interface FileInUse {
  /** A path or a file descriptor. */
  readonly file: string | number
  /** What the file is, to complete the sentence "FILE is …". */
  readonly what: string
}

/** A file that is being written. */
export interface OutputFile {
  /** Where to write: an empty file next to the target, or the target itself if it is a stream. */
  readonly path: string
  /** The same file, open for writing. */
  readonly fd: number
  /**
   * Flushes the file to disk and renames it to the target.
   *
   * @throws {OutputError} The target was created by someone else since the file was opened, and must not be replaced.
   */
  publish(): void
  /** Closes and removes the file. Does nothing after {@link OutputFile.publish}. */
  discard(): void
}

/** How to open an output. */
export interface OutputOptions {
  /** Standard output and standard error are always in use. */
  readonly inUse: readonly FileInUse[]
  /** Whether to replace an existing file (`--force`). */
  readonly replace: boolean
  /** Whether the output can be a FIFO or a character device, which is written directly. Default: `false`. */
  readonly mayStream?: boolean
  /** The mode of the file, less the umask. Default: `0o600`. */
  readonly mode?: number
}

const STANDARD_STREAMS: readonly FileInUse[] = [
  { file: 1, what: 'standard output' },
  { file: 2, what: 'standard error' },
]
const STANDARD_OUTPUT = ['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']

/** Whether a command line argument means standard output. */
export function isStandardOutput(target: string): boolean {
  return STANDARD_OUTPUT.includes(target)
}

/**
 * Opens a file for a command to write.
 *
 * @throws {OutputError} The target is in use, exists, or cannot be written.
 */
export function openOutput(
  target: string,
  { inUse, replace, mayStream = false, mode = 0o600 }: OutputOptions,
): OutputFile {
  return writing(target, () => {
    const stat = statSync(target, { throwIfNoEntry: false })
    if (mayStream && (stat?.isFIFO() || stat?.isCharacterDevice())) return openStream(target)
    if (stat?.isFile() === false) throw new OutputError(`${target} is not a regular file.`)
    assertNotInUse(target, [...inUse, ...STANDARD_STREAMS])
    if (lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink())
      throw new OutputError(`${target} is a symbolic link. Name the file itself.`)
    if (stat !== undefined && !replace) throw alreadyExists(target)
    return openBeside(target, { replace, mode })
  })
}

/**
 * Refuses a target that is a file in use, under any name. Files are compared by device and inode. A file that does not
 * exist yet, such as a journal, is compared by folder and name.
 *
 * @param target - A path, or the descriptor of standard output.
 * @throws {OutputError} The target is in use.
 */
export function assertNotInUse(target: string | number, inUse: readonly FileInUse[]): void {
  const identity = identityOf(target)
  const found = inUse.find(({ file }) => identityOf(file) === identity)
  if (found !== undefined)
    throw new OutputError(
      `${typeof target === 'number' ? 'standard output' : target} is ${found.what}. Nothing was written; choose another file.`,
    )
}

/** Resolves the symbolic links of a path, even if the file does not exist. */
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
  // Not normalized, because `..` after a symbolic link is the parent of the link's target.
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
  // Some file systems ignore case.
  return folder === real ? real : `${identityOf(folder)}/${basename(real).normalize().toLowerCase()}`
}

function openStream(target: string): OutputFile {
  const fd = openSync(target, 'w')
  const close = once(() => closeSync(fd))
  return { path: target, fd, publish: close, discard: close }
}

function openBeside(
  target: string,
  { replace, mode }: Required<Pick<OutputOptions, 'replace' | 'mode'>>,
): OutputFile {
  const path = `${target}.part-${randomBytes(6).toString('hex')}`
  const fd = openSync(path, 'wx', mode)
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

/** Renames a file without replacing an existing one. A hard link would be atomic, but not all file systems have them. */
function takeName(path: string, target: string): void {
  try {
    closeSync(openSync(target, 'wx', 0o600))
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? alreadyExists(target) : error
  }
  renameSync(path, target)
}

/** Flushes the folder of a file to disk, so that new names in it survive a power failure. */
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
