import { closeSync, constants, type Dirent, fstatSync, openSync, readSync } from 'node:fs'
import { lstat, readdir, realpath } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { isBinary } from './file.ts'
import type { Problem, ProblemReason, SkippedFolder } from './report.ts'

/** What the walk comes across, in an order that is the same on every run. */
export type Walked =
  | ({ readonly type: 'file'; readonly bytes: Buffer } & Place)
  | ({ readonly type: 'folder'; readonly names: readonly string[] } & Place)
  | { readonly type: 'problem'; readonly problem: Problem }
  | { readonly type: 'skipped'; readonly skipped: SkippedFolder }

/** Where something lies: as the user would type it, and really. */
export interface Place {
  readonly path: string
  readonly root: string
  readonly real: string
}

export interface WalkLimits {
  readonly fileBytesMax: number
  readonly depthMax: number
  readonly skipFolders: ReadonlySet<string>
  /** Told before a file is opened. */
  onFile(path: string): void
}

/**
 * Walks the roots and reads every text file in them.
 * INVARIANT: no link is ever followed but a root that is one itself; so there is no way out and no circle.
 */
export async function* walk(roots: readonly string[], limits: WalkLimits): AsyncGenerator<Walked> {
  for (const root of roots) {
    const tidy = rootText(root)
    try {
      const real = await realpath(tidy)
      const stats = await lstat(real)
      if (stats.isDirectory()) yield* walkFolder({ path: tidy, root: tidy, real, realRoot: real, depth: 0 }, limits)
      else if (stats.isFile()) yield* readFile({ path: tidy, root: tidy, real }, limits)
      else yield problem(tidy, 'not-a-file', 'neither a file nor a folder')
    } catch (error) {
      yield problem(tidy, ...reasonOf(error))
    }
  }
}

/** How a root is written in a report, however many slashes its user typed behind it. */
export const rootText = (root: string): string => {
  let end = root.length
  while (end > 1 && root[end - 1] === '/') end -= 1
  return root.slice(0, end)
}

async function* walkFolder(
  at: Place & { realRoot: string; depth: number },
  limits: WalkLimits,
): AsyncGenerator<Walked> {
  if (at.depth > limits.depthMax) {
    yield problem(at.path, 'too-deep', `more than ${limits.depthMax} folders deep: not entered`)
    return
  }
  let entries: Dirent<Buffer>[]
  try {
    entries = await readdir(at.real, { withFileTypes: true, encoding: 'buffer' })
  } catch (error) {
    yield problem(at.path, ...reasonOf(error))
    return
  }
  const named = entries.map((entry) => ({ entry, name: entry.name.toString('utf8') })).sort(byName)
  yield { type: 'folder', path: at.path, root: at.root, real: at.real, names: named.map(({ name }) => name) }
  for (const { entry, name } of named) {
    const child = { path: joined(at.path, name), root: at.root, real: join(at.real, name) }
    if (!Buffer.from(name, 'utf8').equals(entry.name)) {
      yield problem(child.path, 'bad-name', 'the name is not valid UTF-8')
    } else if (entry.isSymbolicLink()) {
      yield await linkProblem(child, at.real, at.realRoot)
    } else if (entry.isDirectory()) {
      if (limits.skipFolders.has(name)) {
        yield { type: 'skipped', skipped: { path: child.path, reason: `folders named ${name} are left out` } }
      } else {
        yield* walkFolder({ ...child, realRoot: at.realRoot, depth: at.depth + 1 }, limits)
      }
    } else if (entry.isFile()) {
      yield* readFile(child, limits)
    } else {
      yield problem(child.path, 'not-a-file', 'a socket, pipe or device')
    }
  }
}

function* readFile(at: Place, limits: WalkLimits): Generator<Walked> {
  limits.onFile(at.path)
  try {
    yield readOpened(at, limits)
  } catch (error) {
    yield problem(at.path, ...reasonOf(error))
  }
}

// Synchronous: most files are so small that the way to the thread pool and back, four times, took longer than the
// rest. Nothing else waits for this thread.
const readOpened = (at: Place, limits: WalkLimits): Walked => {
  // Between the listing and here the file may have become a link or a pipe: neither is followed or waited for.
  const opened = openSync(at.real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(opened)
    if (!stats.isFile()) return problem(at.path, 'not-a-file', 'it stopped being a file while the scan ran')
    if (stats.size > limits.fileBytesMax) {
      return problem(at.path, 'too-large', `${stats.size} bytes, more than the limit of ${limits.fileBytesMax}`)
    }
    const bytes = readBounded(opened, stats.size, limits.fileBytesMax)
    if (!bytes) return problem(at.path, 'too-large', `grew past the limit of ${limits.fileBytesMax} bytes`)
    if (isBinary(bytes)) return problem(at.path, 'binary', `${bytes.length} bytes that are no text`)
    return { type: 'file', path: at.path, root: at.root, real: at.real, bytes }
  } finally {
    closeSync(opened)
  }
}

// The size that stat tells may be a lie (/proc says 0) or change while reading: read until the end or the limit.
const readBounded = (opened: number, size: number, bytesMax: number): Buffer | undefined => {
  let buffer = Buffer.allocUnsafe(Math.min(size, bytesMax) + 1)
  let length = 0
  for (;;) {
    const bytesRead = readSync(opened, buffer, length, buffer.length - length, null)
    if (bytesRead === 0) return buffer.subarray(0, length)
    length += bytesRead
    if (length > bytesMax) return undefined
    if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(Math.max(4096, length))])
  }
}

const linkProblem = async (at: Place, realFolder: string, realRoot: string): Promise<Walked> => {
  try {
    const target = await realpath(at.real)
    if (resolve(realFolder) === target || resolve(realFolder).startsWith(target + sep)) {
      return problem(at.path, 'link-circular', 'a link to a folder that it lies in: not followed')
    }
    const isInside = target === realRoot || target.startsWith(realRoot + sep)
    return isInside
      ? problem(at.path, 'link-inside', 'a link: its target is scanned where it lies')
      : problem(at.path, 'link-outside', 'a link that leads out of what is scanned: not followed')
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ELOOP') return problem(at.path, 'link-circular', 'a link that leads to itself: not followed')
    if (code === 'ENOENT' || code === 'ENOTDIR') return problem(at.path, 'link-broken', 'a link to nothing')
    return problem(at.path, ...reasonOf(error))
  }
}

const problem = (path: string, reason: ProblemReason, detail: string): Walked => ({
  type: 'problem',
  problem: { path, reason, detail },
})

const joined = (folder: string, name: string): string => (folder.endsWith('/') ? folder + name : `${folder}/${name}`)

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

const REASONS = new Map<string, [ProblemReason, string]>([
  ['ENOENT', ['vanished', 'not there, or deleted while the scan ran']],
  ['ENOTDIR', ['vanished', 'a folder on the way stopped being one']],
  ['EACCES', ['permission-denied', 'the scan may not read it']],
  ['EPERM', ['permission-denied', 'the scan may not read it']],
  ['ELOOP', ['link-circular', 'it became a link, or its links lead in a circle']],
  ['ENAMETOOLONG', ['unreadable', 'the path is longer than the system allows']],
])

const reasonOf = (error: unknown): [ProblemReason, string] =>
  REASONS.get(codeOf(error)) ?? ['unreadable', `the system answered ${codeOf(error) || 'with an unknown error'}`]
