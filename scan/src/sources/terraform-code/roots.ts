import type { Problem } from '../../report.ts'
import type { Folder } from './folders.ts'
import { calledFolder, localSource } from './module.ts'

/** Modules that nothing here calls: where a run begins. Of those that call each other in a ring, the first by name. */
export const rootsOf = (folders: ReadonlyMap<string, Folder>): { roots: Folder[]; problems: Problem[] } => {
  const problems: Problem[] = []
  const calls = new Map<Folder, readonly Folder[]>()
  const called = new Set<Folder>()
  const all = [...folders.values()].filter(({ blocks }) => blocks.length > 0)
  for (const folder of all) {
    const found = folder.blocks.flatMap((block) => {
      if (block.type !== 'module' || localSource(block) === undefined) return []
      const child = calledFolder({ folders }, folder, block)
      if (child) return child === folder ? [] : [child]
      const detail = `the module ${block.labels[0]} is not among what is scanned: what it makes is not seen`
      problems.push({ path: block.file.path, reason: 'incomplete', detail, line: block.line })
      return []
    })
    calls.set(folder, found)
    for (const child of found) called.add(child)
  }
  const reached = new Set<Folder>()
  const reach = (root: Folder): void => {
    const next = [root]
    for (let at = next.pop(); at; at = next.pop()) {
      if (reached.has(at)) continue
      reached.add(at)
      next.push(...(calls.get(at) ?? []))
    }
  }
  const roots = all.filter((folder) => !called.has(folder))
  for (const root of roots) reach(root)
  for (const folder of all) {
    if (reached.has(folder)) continue
    roots.push(folder)
    reach(folder)
  }
  return { roots, problems }
}
