import type { Dirent } from 'node:fs'
import { lstat, readdir, realpath } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import type { Problem, ProblemReason, SkippedFolder } from './report.ts'
import { codeOf, reasonOf } from './system-error.ts'

/** What the walk comes across, in an order that is the same on every run. */
export type Walked =
  | ({ readonly type: 'file' } & Place)
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
  readonly depthMax: number
  readonly skipFolders: ReadonlySet<string>
}

/**
 * Walks the roots and names every file in them; nothing is opened.
 * INVARIANT: no link is ever followed but a root that is one itself; so there is no way out and no circle.
 */
export async function* walk(roots: readonly string[], limits: WalkLimits): AsyncGenerator<Walked> {
  for (const root of roots) {
    const tidy = rootText(root)
    try {
      const real = await realpath(tidy)
      const stats = await lstat(real)
      if (stats.isDirectory()) yield* walkFolder({ path: tidy, root: tidy, real, realRoot: real, depth: 0 }, limits)
      else if (stats.isFile()) yield { type: 'file', path: tidy, root: tidy, real }
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
    const child = { path: joined(at.path, name, '/'), root: at.root, real: joined(at.real, name, sep) }
    if (isBadName(name, entry.name)) {
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
      yield { type: 'file', ...child }
    } else {
      yield problem(child.path, 'not-a-file', 'a socket, pipe or device')
    }
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

// What is no UTF-8 is decoded with a sign that stands for it; one that stood there before is as good as any.
const isBadName = (name: string, bytes: Buffer): boolean =>
  name.includes('\ufffd') && !Buffer.from(name, 'utf8').equals(bytes)

const joined = (folder: string, name: string, mark: string): string =>
  folder.endsWith(mark) ? folder + name : folder + mark + name

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
