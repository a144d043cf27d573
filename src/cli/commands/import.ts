import { appendFileSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { type AuthService, type ImportOptions, USER_FIELDS } from '../../auth/index.ts'
import { filesInUse } from '../../db/index.ts'
import { isStandardOutput, type OutputFile, openOutput } from '../../lib/output-file.ts'
import { visible } from '../../lib/visible.ts'
import { AuthError } from '../../model/errors.ts'
import { resolveOptions } from '../../options/index.ts'
import { type Command, type CommandInput, UsageError } from '../command.ts'
import { readFirebaseProject } from '../import/firebase.ts'
import { linesOf } from '../import/lines.ts'
import { type ProgressReport, startProgress } from '../import/progress.ts'
import { csvRecords, type FileItem, jsonRecords } from '../import/records.ts'
import { rejectedLine } from '../import/rejects.ts'
import { discardedOnFailure } from '../interrupt.ts'
import { operator } from '../operator.ts'
import { counted, jsonLine, print } from '../terminal.ts'
import { withService } from '../with-service.ts'

export const importUsers: Command = {
  name: 'import',
  summary: 'Add users from a file, one per line, as JSON or CSV; - reads standard input',
  takes: 'FILE',
  flags: {
    format: {
      type: 'string',
      help: 'json (one object per line) or csv (with a heading line); guessed from the file name by default',
    },
    'dry-run': { type: 'boolean', help: 'Check every line without adding users' },
    ignore: { type: 'string', help: 'Fields to leave out, separated by commas' },
    rejects: { type: 'string', help: 'The file for rejected lines; FILE.rejects.ndjson by default' },
    force: { type: 'boolean', help: 'Replace the file for rejected lines if it exists' },
    'firebase-hash-config': {
      type: 'string',
      help: 'The file with the hash parameters of a Firebase project',
    },
  },
  async run(input) {
    const [path = ''] = input.args
    const flags = input.flags as Partial<Record<string, string>>
    const isDryRun = input.flags['dry-run'] === true
    const format = formatOf(flags.format, path)
    const ignored = ignoredOf(flags.ignore)
    const config = flags['firebase-hash-config']
    const firebase = config === undefined ? null : await readFirebaseProject(config)
    const rejectsPath = flags.rejects ?? defaultRejects(path)
    const source = await openSource(path)
    const work = async (auth: AuthService, rejects: OutputFile) => {
      const items = format({ lines: linesOf(source.chunks), ignored })
      const progress = input.json ? null : startProgress(process.stderr)
      const options = { dryRun: isDryRun, firebase }
      const task = { auth, items, options, rejects, progress, size: source.size }
      const done = await runImport(task)
      if (done.rejected > 0) rejects.publish()
      await report(input, done, { isDryRun, rejectsPath })
      return done.rejected === 0 ? 0 : 1
    }
    try {
      return await discardedOnFailure(
        () => openRejects(rejectsPath, input),
        (rejects) => withService(input, (auth) => work(auth, rejects), { mayCreate: !isDryRun }),
      )
    } finally {
      await source.close()
    }
  },
}

/** Names of standard input or another open descriptor, even if a regular file is redirected to it. */
const STREAM = /^(?:-|\/dev\/stdin|\/dev\/fd\/\d+|\/proc\/[^/]+\/fd\/\d+)$/

/** Next to the input file, or in the working directory if the input is a stream. */
function defaultRejects(path: string): string {
  const isFile = !STREAM.test(path) && (statSync(path, { throwIfNoEntry: false })?.isFile() ?? true)
  return `${isFile ? path : 'stdin'}.rejects.ndjson`
}

function openRejects(path: string, { args: [source = ''], settings, flags }: CommandInput): OutputFile {
  if (isStandardOutput(path))
    throw new UsageError('--rejects must name a file, because the result goes to standard output.')
  const config = flags['firebase-hash-config']
  const inUse = [
    ...filesInUse(resolveOptions(settings.options).databaseUrl),
    { file: source === '-' ? 0 : source, what: 'the file to import' },
    ...(typeof config === 'string' ? [{ file: config, what: 'the file of --firebase-hash-config' }] : []),
  ]
  return openOutput(path, { inUse, replace: flags.force === true, mayStream: true })
}

function formatOf(name: string | undefined, path: string) {
  const format = name ?? (/\.[ct]sv$/i.test(path) ? 'csv' : 'json')
  if (format !== 'csv' && format !== 'json') throw new UsageError('--format must be json or csv.')
  const read = format === 'csv' ? csvRecords : jsonRecords
  return ({ lines, ignored }: { lines: ReturnType<typeof linesOf>; ignored: ReadonlySet<string> }) =>
    read(lines, { ignored, known: USER_FIELDS })
}

function ignoredOf(list = ''): ReadonlySet<string> {
  const ignored = new Set(list.split(',').map((name) => name.trim()))
  for (const needed of ['email', 'hashed_password'])
    if (ignored.has(needed))
      throw new UsageError(`--ignore cannot leave out ${needed}, which every user needs.`)
  return ignored
}

interface Source {
  readonly chunks: AsyncIterable<Buffer>
  /** In bytes; `null` for a stream, whose size is unknown. */
  readonly size: number | null
  close(): Promise<void>
}

async function openSource(path: string): Promise<Source> {
  if (path === '-') return { chunks: process.stdin, size: null, close: async () => {} }
  try {
    const file = await open(path)
    const stat = await file.stat()
    if (stat.isDirectory()) {
      await file.close()
      throw new Error('it is a directory')
    }
    const chunks: AsyncIterable<Buffer> = file.createReadStream({
      highWaterMark: CHUNK_BYTES,
      autoClose: false,
    })
    return { chunks, size: stat.isFile() ? stat.size : null, close: () => file.close() }
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${(error as Error).message}`)
  }
}

const CHUNK_BYTES = 262_144

interface Counts {
  added: number
  unchanged: number
  rejected: number
}

interface Task {
  readonly auth: AuthService
  readonly items: AsyncIterable<FileItem>
  readonly options: ImportOptions
  readonly rejects: OutputFile
  readonly progress: ProgressReport | null
  readonly size: number | null
}

/** The number of rejected lines that are shown on standard error. The file contains all of them. */
export const REJECTS_SHOWN_MAX = 20

async function runImport({ auth, items, options, rejects, progress, size }: Task): Promise<Counts> {
  const counts: Counts = { added: 0, unchanged: 0, rejected: 0 }
  let lines = 0
  let read = 0
  async function* counting() {
    for await (const item of items) {
      lines++
      read = item.line.end
      yield item
    }
  }
  try {
    for await (const { added, unchanged, rejected } of auth.transfer.importUsers(
      counting(),
      options,
      operator(),
    )) {
      // The service returns the same item objects that it was given.
      const rejectedLines = rejected.map(({ item, problem }) => ({ line: (item as FileItem).line, problem }))
      appendFileSync(rejects.fd, rejectedLines.map(rejectedLine).join(''))
      const shown =
        progress === null ? [] : rejectedLines.slice(0, Math.max(0, REJECTS_SHOWN_MAX - counts.rejected))
      if (shown.length > 0) progress?.end()
      for (const { line, problem } of shown)
        process.stderr.write(`line ${line.number}: ${visible(problem)}\n`)
      counts.added += added
      counts.unchanged += unchanged
      counts.rejected += rejected.length
      progress?.show({ lines, rejected: counts.rejected, read, size })
    }
    return counts
  } catch (error) {
    throw interrupted(error, counts, options.dryRun === true)
  } finally {
    progress?.end()
  }
}

/** The error that interrupted an import, with the number of users added before it. */
function interrupted(error: unknown, { added }: Counts, isDryRun: boolean): unknown {
  if (!(error instanceof Error) || error instanceof UsageError) return error
  const isOfDatabase = error instanceof AuthError && error.code === 'unavailable'
  const reason = isOfDatabase && error.cause instanceof Error ? error.cause : error
  // Errors without a code are bugs of ours and are reported as they are.
  if (!isOfDatabase && (reason as NodeJS.ErrnoException).code === undefined) return error
  const rest = isDryRun
    ? ''
    : `. ${counted(added, 'user was', 'users were')} added before. Run the same command again to continue.`
  return new AuthError('unavailable', { message: `${reason.message}${rest}`, cause: error })
}

async function report(
  { json }: CommandInput,
  { added, unchanged, rejected }: Counts,
  { isDryRun, rejectsPath }: { isDryRun: boolean; rejectsPath: string },
): Promise<void> {
  if (json) {
    const rejects = rejected > 0 ? rejectsPath : null
    await print(jsonLine({ added, unchanged, rejected, rejects, dry_run: isDryRun }))
    return
  }
  const parts = [
    `${isDryRun ? 'Would add' : 'Added'} ${counted(added, 'user')}`,
    ...(unchanged > 0 ? [`${counted(unchanged, 'user')} already existed`] : []),
  ]
  await print(`${parts.join('; ')}.`)
  if (rejected > 0)
    await print(
      `${counted(rejected, 'line was', 'lines were')} rejected. ${visible(rejectsPath)} contains each with the reason.`,
    )
}
