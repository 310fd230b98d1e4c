import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { isBinary } from '../file.ts'
import { type FileToRead, nothingShown, type ReadSettings, readBytes, type Shown } from '../read-batch.ts'
import { printable } from '../redacting.ts'
import type { Problem, ProblemReason } from '../report.ts'
import { reasonOf } from '../system-error.ts'
import {
  type ArchiveBudget,
  ArchiveEnd,
  type ArchiveEntry,
  type ArchiveLimits,
  archiveBudget,
} from './archive-entry.ts'
import { type ArchiveKind, archiveKindOf, START_BYTES, unreadArchiveOf } from './archive-kind.ts'
import { byteReader } from './byte-reader.ts'
import { tarEntries } from './read-tar.ts'
import { type BytesAt, zipEntries } from './read-zip.ts'
import { releaseBytes } from './release-bytes.ts'

/** Bounds on what an archive may cost, whatever it says: 20 MB of memory, and as much work as a large file. */
export const ARCHIVE_LIMITS: ArchiveLimits = {
  entryBytesMax: 2 * 1024 * 1024,
  totalBytesMax: 256 * 1024 * 1024,
  entriesMax: 50_000,
  depthMax: 1,
}

/**
 * Reads the files in an archive as if they lay in a folder of its name, `dist/app.jar!/config.yaml`; nothing is unpacked.
 * What is refused is named: names that lead out, links, what is too large, too deep, encrypted, broken or no text.
 */
export const scanArchive = async (
  file: FileToRead,
  settings: ReadSettings,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): Promise<Shown> => {
  const shown = nothingShown()
  let opened: number | undefined
  try {
    opened = openSync(file.real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stats = fstatSync(opened)
    if (stats.isFile()) {
      const source = fileSource(opened, stats.size)
      await look(file, source, {
        settings,
        shown,
        budget: archiveBudget(limits),
        depth: 0,
        left: { problems: PROBLEMS_MAX },
      })
    }
  } catch (error) {
    shown.problems.push(problemOf(file.path, reasonOf(error)))
  } finally {
    if (opened !== undefined) closeSync(opened)
  }
  return shown
}

/** The same of an archive in memory, which may be larger than one of its files; of many, all take from `around`. */
export const scanArchiveBytes = async (
  at: Names,
  bytes: Buffer,
  settings: ReadSettings,
  around: ArchiveBudget,
): Promise<Shown> => {
  const shown = nothingShown()
  const budget = archiveBudget(ARCHIVE_LIMITS, around)
  await look(at, memorySource(bytes), { settings, shown, budget, depth: 0, left: { problems: PROBLEMS_MAX } })
  return shown
}

// A stranger's archive may have something wrong with each of its files.
const PROBLEMS_MAX = 100

type Names = Pick<FileToRead, 'path' | 'repository' | 'repositoryPath'>

interface Visit {
  readonly settings: ReadSettings
  readonly shown: Shown
  readonly budget: ArchiveBudget
  readonly depth: number
  /** Of all archives in one. */
  readonly left: { problems: number }
}

interface ArchiveBytes extends BytesAt {
  chunks(): AsyncIterable<Buffer>
}

const fileSource = (opened: number, size: number): ArchiveBytes => ({
  size,
  read(at, length) {
    const room = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, size - at)))
    return room.subarray(0, readSync(opened, room, 0, room.length, at))
  },
  done: releaseBytes,
  // A stream of the system's would close the file when it is left early, and who opened it closes it.
  async *chunks() {
    for (let at = 0; ; ) {
      const room = Buffer.allocUnsafeSlow(CHUNK_BYTES)
      const bytesRead = readSync(opened, room, 0, CHUNK_BYTES, at)
      if (bytesRead === 0) return
      at += bytesRead
      yield room.subarray(0, bytesRead)
    }
  },
})

const memorySource = (bytes: Buffer): ArchiveBytes => ({
  size: bytes.length,
  read: (at, length) => bytes.subarray(at, at + length),
  done() {},
  async *chunks() {
    yield bytes
  },
})

const look = async (at: Names, source: ArchiveBytes, visit: Visit): Promise<void> => {
  const kind = archiveKindOf(source.read(0, START_BYTES))
  let binaries = 0
  try {
    for await (const entry of entriesOf(kind, at.repositoryPath, source, visit.budget)) {
      const names = { ...at, path: `${at.path}!/${entry.name}`, repositoryPath: `${at.repositoryPath}!/${entry.name}` }
      if ('refused' in entry) tell(visit, problemOf(names.path, entry.refused))
      else {
        binaries += await lookAt(names, entry.bytes, visit)
        releaseBytes(entry.bytes)
      }
    }
  } catch (error) {
    const known = error instanceof ArchiveEnd
    tell(visit, problemOf(at.path, known ? [error.reason, error.message] : BROKEN))
    // What all archives in one may take together is gone: the one around it ends as well.
    if (known && error.reason !== 'incomplete' && visit.depth > 0) throw error
  }
  if (binaries > 0) tell(visit, problemOf(at.path, ['binary', `${binaries} files in it that are no text`]))
}

const BROKEN = ['incomplete', 'an archive that is broken or cut off: the rest of it is not read'] as const

// How many files were no text.
const lookAt = async (names: Names, bytes: Buffer, visit: Visit): Promise<number> => {
  if (archiveKindOf(bytes)) {
    if (visit.depth < visit.budget.limits.depthMax)
      await look(names, memorySource(bytes), { ...visit, depth: visit.depth + 1 })
    else tell(visit, problemOf(names.path, ['too-deep', 'an archive in an archive in an archive: not opened']))
    return 0
  }
  const other = unreadArchiveOf(bytes)
  if (other) tell(visit, problemOf(names.path, ['binary', `an archive of ${other}: not looked into`]))
  else if (isBinary(bytes)) return 1
  else readBytes(names, bytes, visit.settings, visit.shown)
  return 0
}

const entriesOf = (
  kind: ArchiveKind | undefined,
  path: string,
  source: ArchiveBytes,
  budget: ArchiveBudget,
): Iterable<ArchiveEntry> | AsyncIterable<ArchiveEntry> => {
  if (kind === 'zip') return zipEntries(source, budget)
  if (kind === 'gzip') return gzipEntries(path, source, budget)
  return tarEntries(byteReader(counted(source.chunks(), budget)), budget)
}

async function* gzipEntries(
  path: string,
  source: ArchiveBytes,
  budget: ArchiveBudget,
): AsyncGenerator<ArchiveEntry, void> {
  const reader = byteReader(counted(inflated(source), budget))
  const { entryBytesMax } = budget.limits
  if (archiveKindOf(await reader.peek(START_BYTES)) === 'tar') return yield* tarEntries(reader, budget)
  budget.takeEntry()
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.gz$/i, '') || 'content'
  const bytes = await reader.take(entryBytesMax + 1)
  if (bytes.length > entryBytesMax)
    yield { name, refused: ['too-large', `more than the limit of ${entryBytesMax} bytes for a file in an archive`] }
  else yield { name, bytes }
}

async function* inflated(source: ArchiveBytes): AsyncGenerator<Buffer, void> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  // An error on the way in is one on the way out; what is left when nobody reads on is let go.
  const feeding = feed(source, gunzip).catch((error) => gunzip.destroy(error))
  try {
    for await (const chunk of gunzip) yield chunk
  } finally {
    gunzip.destroy()
    await feeding
  }
}

const CHUNK_BYTES = 1 << 16

const feed = async (source: ArchiveBytes, gunzip: ReturnType<typeof createGunzip>): Promise<void> => {
  let go = (): void => {}
  gunzip.on('drain', () => go()).on('close', () => go())
  for await (const chunk of source.chunks()) {
    if (gunzip.destroyed) return
    const waits = new Promise<void>((resolve) => {
      go = resolve
    })
    if (!gunzip.write(chunk)) await waits
  }
  gunzip.end()
}

async function* counted(chunks: AsyncIterable<Buffer>, budget: ArchiveBudget): AsyncGenerator<Buffer, void> {
  for await (const chunk of chunks) {
    budget.takeBytes(chunk.length)
    yield chunk
  }
}

const tell = ({ left, shown }: Visit, problem: Problem): void => {
  left.problems -= 1
  if (left.problems >= 0) shown.problems.push(problem)
  if (left.problems === -1) shown.problems.push({ ...problem, reason: 'too-many', detail: NOT_NAMED })
}

const NOT_NAMED = 'this and further files of the archive are not read, and not named'

const problemOf = (path: string, [reason, detail]: readonly [ProblemReason, string]): Problem => ({
  path: printable(path),
  reason,
  detail,
})
