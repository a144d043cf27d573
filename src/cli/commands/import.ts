import { appendFileSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { type AuthService, type ImportOptions, USER_FIELDS } from '../../auth/index.ts'
import { filesInUse } from '../../db/index.ts'
import { AuthError } from '../../errors.ts'
import { isStandardOutput, type OutputFile, openOutput } from '../../lib/output-file.ts'
import { visible } from '../../lib/visible.ts'
import { resolveOptions } from '../../options/index.ts'
import { type Command, type CommandInput, UsageError } from '../command.ts'
import { readFirebaseProject } from '../import/firebase.ts'
import { linesOf } from '../import/lines.ts'
import { type ProgressReport, startProgress } from '../import/progress.ts'
import { csvRecords, type FileItem, jsonRecords } from '../import/records.ts'
import { rejectedLine } from '../import/rejects.ts'
import { discardedOnFailure } from '../interrupt.ts'
import { operator } from '../operator.ts'
import { counted, print } from '../terminal.ts'
import { withService } from './users.ts'

export const importUsers: Command = {
  name: 'import',
  summary: 'Add the users of a file, one a line as JSON or CSV; - reads standard input',
  takes: 'FILE',
  flags: {
    format: {
      type: 'string',
      help: 'json (one object a line) or csv (under headings); by the name without it',
    },
    'dry-run': { type: 'boolean', help: 'Look at every line, and add nobody' },
    ignore: { type: 'string', help: 'Fields to leave out, with commas between them' },
    rejects: { type: 'string', help: 'The file for rejected lines; FILE.rejects.ndjson without it' },
    force: { type: 'boolean', help: 'Replace the file for rejected lines if it exists' },
    'firebase-hash-config': { type: 'string', help: 'A file with the hash parameters of a Firebase project' },
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
      const rejects = openRejects(rejectsPath, input)
      return await discardedOnFailure(rejects, () =>
        withService(input, (auth) => work(auth, rejects), { mayCreate: !isDryRun }),
      )
    } finally {
      await source.close()
    }
  },
}

/** Names of a stream, also where a regular file is redirected to it. */
const STREAM = /^(?:-|\/dev\/stdin|\/dev\/fd\/\d+|\/proc\/[^/]+\/fd\/\d+)$/

/** Beside the input, unless that is a stream: then in the working directory. */
function defaultRejects(path: string): string {
  const isFile = !STREAM.test(path) && (statSync(path, { throwIfNoEntry: false })?.isFile() ?? true)
  return `${isFile ? path : 'stdin'}.rejects.ndjson`
}

function openRejects(path: string, { args: [source = ''], settings, flags }: CommandInput): OutputFile {
  if (isStandardOutput(path)) throw new UsageError('--rejects needs a file: the result is on standard output')
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
  if (format !== 'csv' && format !== 'json') throw new UsageError('--format takes json or csv')
  const read = format === 'csv' ? csvRecords : jsonRecords
  return ({ lines, ignored }: { lines: ReturnType<typeof linesOf>; ignored: ReadonlySet<string> }) =>
    read(lines, { ignored, known: USER_FIELDS })
}

function ignoredOf(list = ''): ReadonlySet<string> {
  const ignored = new Set(list.split(',').map((name) => name.trim()))
  for (const needed of ['email', 'hashed_password'])
    if (ignored.has(needed)) throw new UsageError(`--ignore cannot leave out ${needed}`)
  return ignored
}

interface Source {
  readonly chunks: AsyncIterable<Buffer>
  /** In bytes; `null` where nobody knows. */
  readonly size: number | null
  close(): Promise<void>
}

async function openSource(path: string): Promise<Source> {
  if (path === '-') return { chunks: process.stdin, size: null, close: async () => {} }
  try {
    const file = await open(path)
    const stat = await file.stat()
    if (stat.isDirectory()) throw new Error('it is a folder')
    const chunks: AsyncIterable<Buffer> = file.createReadStream({
      highWaterMark: CHUNK_BYTES,
      autoClose: false,
    })
    return { chunks, size: stat.isFile() ? stat.size : null, close: () => file.close() }
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`)
  }
}

/** Read at once. */
const CHUNK_BYTES = 262_144

interface Counts {
  added: number
  unchanged: number
  rejected: number
}

interface Task {
  readonly auth: Engine
  readonly items: AsyncIterable<FileItem>
  readonly options: ImportOptions
  readonly rejects: OutputFile
  readonly progress: ProgressReport | null
  readonly size: number | null
}

/** Rejected lines that are named on standard error; all of them are in the file. */
const NAMED_MAX = 20

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
      const rejectedLines = rejected.map(({ item, problem }) => ({ line: item.line, problem }))
      appendFileSync(rejects.fd, rejectedLines.map(rejectedLine).join(''))
      const named = progress === null ? [] : rejectedLines.slice(0, Math.max(0, NAMED_MAX - counts.rejected))
      if (named.length > 0) progress?.end()
      for (const { line, problem } of named)
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

/** What stopped an import in the middle, with what there is of it. */
function interrupted(error: unknown, { added }: Counts, isDryRun: boolean): unknown {
  if (!(error instanceof Error) || error instanceof UsageError) return error
  const isOfDatabase = error instanceof AuthError && error.code === 'unavailable'
  const reason = isOfDatabase && error.cause instanceof Error ? error.cause : error
  // Faults of ours have no code, and go their usual way.
  if (!isOfDatabase && (reason as NodeJS.ErrnoException).code === undefined) return error
  const rest = isDryRun
    ? ''
    : `; ${counted(added, 'user was', 'users were')} added before, and the same command goes on from there`
  return new AuthError('unavailable', { message: `${reason.message}${rest}`, cause: error })
}

async function report(
  { json }: CommandInput,
  { added, unchanged, rejected }: Counts,
  { isDryRun, rejectsPath }: { isDryRun: boolean; rejectsPath: string },
): Promise<void> {
  if (json) {
    const rejects = rejected > 0 ? rejectsPath : null
    await print(JSON.stringify({ added, unchanged, rejected, rejects, dry_run: isDryRun }))
    return
  }
  const parts = [
    `${isDryRun ? 'Would add' : 'Added'} ${counted(added, 'user')}`,
    ...(unchanged > 0 ? [`${counted(unchanged, 'user is', 'users are')} there already`] : []),
  ]
  await print(`${parts.join('; ')}.`)
  if (rejected > 0)
    await print(
      `${counted(rejected, 'line was', 'lines were')} not taken: ${visible(rejectsPath)} has each with the reason.`,
    )
}
