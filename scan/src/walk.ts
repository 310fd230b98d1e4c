import { type Dirent, lstatSync, readdirSync, realpathSync } from 'node:fs'
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
 * Synchronous, and flat however deep it goes: to wait for a turn at every name cost more than to read the folder.
 * INVARIANT: no link is ever followed but a root that is one itself; so there is no way out and no circle.
 */
export function* walk(roots: readonly string[], limits: WalkLimits): Generator<Walked, void> {
  for (const root of roots) {
    const tidy = rootText(root)
    try {
      const real = realpathSync.native(tidy)
      const stats = lstatSync(real)
      if (stats.isDirectory()) yield* walkFolder({ path: tidy, root: tidy, real, depth: 0 }, limits)
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

type Folder = Place & { readonly depth: number }

interface Entry {
  readonly entry: Dirent<Buffer>
  readonly name: string
}

function* walkFolder(top: Folder, limits: WalkLimits): Generator<Walked, void> {
  // The folders on the way down, each with what is left of it, last name first.
  const open: { readonly at: Folder; readonly left: Entry[] }[] = []
  let entering: Folder | undefined = top
  for (;;) {
    if (entering) {
      const entries = entriesOf(entering, limits)
      if (Array.isArray(entries)) {
        const { path, root, real } = entering
        yield { type: 'folder', path, root, real, names: entries.map(({ name }) => name) }
        open.push({ at: entering, left: entries.reverse() })
      } else yield entries
    }
    const last = open.at(-1)
    if (!last) return
    const next = last.left.pop()
    entering = undefined
    if (!next) open.pop()
    else {
      const { entry, name } = next
      const { at } = last
      const child = { path: joined(at.path, name, '/'), root: at.root, real: joined(at.real, name, sep) }
      if (entry.isDirectory() && !isBadName(next) && !limits.skipFolders.has(name))
        entering = { ...child, depth: at.depth + 1 }
      else yield notEntered(child, next, { realFolder: at.real, realRoot: top.real })
    }
  }
}

const entriesOf = ({ path, real, depth }: Folder, { depthMax }: WalkLimits): Entry[] | Walked => {
  if (depth > depthMax) return problem(path, 'too-deep', `more than ${depthMax} folders deep: not entered`)
  try {
    return readdirSync(real, { withFileTypes: true, encoding: 'buffer' })
      .map((entry) => ({ entry, name: entry.name.toString('utf8') }))
      .sort(byName)
  } catch (error) {
    return problem(path, ...reasonOf(error))
  }
}

const notEntered = (at: Place, { entry, name }: Entry, around: { realFolder: string; realRoot: string }): Walked => {
  if (isBadName({ entry, name })) return problem(at.path, 'bad-name', 'the name is not valid UTF-8')
  if (entry.isSymbolicLink()) return linkProblem(at, around)
  if (entry.isDirectory())
    return { type: 'skipped', skipped: { path: at.path, reason: `folders named ${name} are left out` } }
  return entry.isFile() ? { type: 'file', ...at } : problem(at.path, 'not-a-file', 'a socket, pipe or device')
}

const linkProblem = (at: Place, { realFolder, realRoot }: { realFolder: string; realRoot: string }): Walked => {
  try {
    const target = realpathSync.native(at.real)
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
const isBadName = ({ entry, name }: Entry): boolean =>
  name.includes('\ufffd') && !Buffer.from(name, 'utf8').equals(entry.name)

const joined = (folder: string, name: string, mark: string): string =>
  folder.endsWith(mark) ? folder + name : folder + mark + name

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
