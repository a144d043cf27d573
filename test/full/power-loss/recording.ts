/** What `shim.c` recorded, and the files that a power failure could have left at any moment of it. */
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PAGE = 4_096
const LOG_BYTES = 1_500_000_000
const RECORD_BYTES = 32
const TYPES = [
  'none',
  'create',
  'write',
  'truncate',
  'sync begin',
  'sync end',
  'unlink',
  'rename',
  'answer',
] as const

/** One act of a process. */
export interface Recorded {
  readonly type: (typeof TYPES)[number]
  readonly pid: number
  /** The inode, or the descriptor of an answer. */
  readonly file: number
  /** Where a write begins, the size of a truncated file, or the number that a sync has at its begin and its end. */
  readonly offset: number
  /** What was written, the path of a file, or the answer. */
  readonly data: Buffer
}

/** A recording that processes add to. */
export interface Recording {
  readonly env: Readonly<Record<string, string>>
  /** From now on, syncs fail. */
  failSyncs(): void
  read(): Recorded[]
}

/** @param folder - Where the database is. @param scratch - Gets the compiled shim and the log. */
export function startRecording(folder: string, scratch: string): Recording {
  const library = join(scratch, 'shim.so')
  const source = fileURLToPath(new URL('./shim.c', import.meta.url))
  const { status, stderr } = spawnSync('gcc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl'])
  if (status !== 0) throw new Error(`gcc failed: ${stderr}`)
  const log = join(scratch, 'log')
  writeFileSync(log, '')
  // Sparse: only what is recorded takes memory.
  truncateSync(log, LOG_BYTES)
  return {
    env: { LD_PRELOAD: library, SHIM_LOG: log, SHIM_FOLDER: folder },
    failSyncs() {
      const fd = openSync(log, 'r+')
      writeSync(fd, Buffer.of(1), 0, 1, PAGE)
      closeSync(fd)
    },
    read: () => parse(log),
  }
}

function parse(log: string): Recorded[] {
  const fd = openSync(log, 'r')
  const used = Buffer.alloc(8)
  readSync(fd, used, 0, 8, 0)
  const bytes = Buffer.alloc(Number(used.readBigUInt64LE()))
  readSync(fd, bytes, 0, bytes.length, 2 * PAGE)
  closeSync(fd)
  const records: Recorded[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at + 24))
    const data = bytes.subarray(at + RECORD_BYTES, at + RECORD_BYTES + length)
    records.push({
      type: TYPES[bytes.readUInt32LE(at)] ?? 'none',
      pid: bytes.readUInt32LE(at + 4),
      file: Number(bytes.readBigUInt64LE(at + 8)),
      offset: Number(bytes.readBigUInt64LE(at + 16)),
      data,
    })
    at += RECORD_BYTES + Math.ceil(length / 8) * 8
  }
  return records
}

/**
 * What reaches the disk of what was not synced: nothing, everything, each act or not, or each sector of 512 or 4,096 bytes of
 * each act or not.
 */
export const FATES = ['nothing', 'everything', 'some', 'sectors of 512', 'sectors of 4096'] as const
export type Fate = (typeof FATES)[number]

/** A file on a disk that keeps only what was synced. */
interface FileState {
  synced: Buffer
  /** The acts since the sync, each with its position in the recording. */
  pending: { readonly at: number; readonly act: Recorded }[]
}

/** A disk to which a recording is applied, one act after the other. */
export class Disk {
  readonly #folder: string
  readonly #folderInode: number
  readonly #files = new Map<number, FileState>()
  #names = new Map<string, number>()
  #pendingNames: { readonly at: number; readonly act: Recorded }[] = []
  readonly #syncs = new Map<string, number>()

  constructor(folder: string, folderInode: number) {
    this.#folder = folder
    this.#folderInode = folderInode
  }

  apply(act: Recorded, at: number): void {
    const key = `${act.pid} ${act.file} ${act.offset}`
    switch (act.type) {
      case 'create':
        this.#files.set(act.file, { synced: Buffer.alloc(0), pending: [] })
        this.#pendingNames.push({ at, act })
        break
      case 'unlink':
        this.#pendingNames.push({ at, act })
        break
      case 'write':
      case 'truncate':
        this.#fileOf(act.file).pending.push({ at, act })
        break
      case 'sync begin':
        this.#syncs.set(key, at)
        break
      case 'sync end':
        this.#sync(act.file, this.#syncs.get(key) ?? 0)
        break
    }
  }

  /** Writes the files that a power failure could leave now into an empty folder. */
  crash(fate: Fate, random: () => number, target: string): void {
    const isKept = () => fate === 'everything' || (fate !== 'nothing' && random() < 0.5)
    const names = renamed(this.#names, this.#pendingNames.filter(isKept))
    for (const [path, inode] of names) {
      const { synced, pending } = this.#fileOf(inode)
      let content: Buffer = Buffer.from(synced)
      for (const { act } of pending) {
        if (act.type === 'truncate' || !fate.startsWith('sectors')) {
          if (isKept()) content = applied(content, act)
        } else {
          for (const part of sectorsOf(act, Number(fate.split(' ')[2])))
            if (isKept()) content = applied(content, part)
        }
      }
      writeFileSync(join(target, path.slice(this.#folder.length)), content)
    }
  }

  #fileOf(inode: number): FileState {
    const file = this.#files.get(inode)
    if (file === undefined) throw new Error(`a file was not created under the shim: inode ${inode}`)
    return file
  }

  #sync(inode: number, begun: number): void {
    if (inode === this.#folderInode) {
      this.#names = renamed(
        this.#names,
        this.#pendingNames.filter(({ at }) => at < begun),
      )
      this.#pendingNames = this.#pendingNames.filter(({ at }) => at > begun)
      return
    }
    const file = this.#fileOf(inode)
    for (const { at, act } of file.pending) if (at < begun) file.synced = applied(file.synced, act)
    file.pending = file.pending.filter(({ at }) => at > begun)
  }
}

function renamed(names: ReadonlyMap<string, number>, acts: readonly { readonly act: Recorded }[]) {
  const result = new Map(names)
  for (const { act } of acts) {
    if (act.type === 'create') result.set(String(act.data), act.file)
    else result.delete(String(act.data))
  }
  return result
}

/** May change the buffer that it is given. */
function applied(content: Buffer, act: Recorded): Buffer {
  const size = act.type === 'truncate' ? act.offset : Math.max(content.length, act.offset + act.data.length)
  let result = content
  if (size < content.length) result = Buffer.from(content.subarray(0, size))
  else if (size > content.length) {
    // Files grow by a few bytes at a time, so leave room.
    const room = content.buffer.byteLength - content.byteOffset
    const grown = room >= size ? Buffer.from(content.buffer, content.byteOffset, size) : grow(content, size)
    grown.fill(0, content.length)
    result = grown
  }
  if (act.type === 'write') act.data.copy(result, act.offset)
  return result
}

function grow(content: Buffer, size: number): Buffer {
  const grown = Buffer.from(new ArrayBuffer(2 * size + PAGE), 0, size)
  content.copy(grown)
  return grown
}

function sectorsOf(act: Recorded, bytes: number): Recorded[] {
  const parts: Recorded[] = []
  const end = act.offset + act.data.length
  for (let from = act.offset; from < end; ) {
    const to = Math.min(end, (Math.floor(from / bytes) + 1) * bytes)
    parts.push({
      ...act,
      offset: from,
      data: act.data.subarray(from - act.offset, to - act.offset),
    })
    from = to
  }
  return parts
}

/** Reproducible numbers from 0 to 1 (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
