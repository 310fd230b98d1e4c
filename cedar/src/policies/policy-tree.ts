import type { CompiledPolicy } from './compile-policy.ts'
import { type Listing, listedUnder, type Range } from './listing.ts'
import type { Names } from './names.ts'

/** Policies that have one thing in common: listed one after the other, or where they are many, told apart by another thing. */
export interface Tree extends Range {
  /** How many different policies there are. */
  readonly size: number
  /** By the number of what is asked of the resource, and below that of the action. */
  readonly below: ReadonlyMap<number, Tree> | undefined
}

/** Where trees keep their policies. */
export interface Ground<Note> {
  readonly names: Names
  readonly listing: Listing<Note>
}

/** A tree of policies. */
export const treeOf = <Note>(policies: readonly CompiledPolicy<Note>[], ground: Ground<Note>, level = 0): Tree => {
  const part = LEVELS[level]
  if (policies.length <= LIST_MAX || part === undefined)
    return { ...ground.listing.add(policies), size: policies.length, below: undefined }
  const below = new Map<number, Tree>()
  for (const [number, group] of grouped(policies, part, ground.names))
    below.set(number, treeOf(group, ground, level + 1))
  return { ...NOWHERE, size: policies.length, below }
}

/** The tree after some of its policies have left and others have come; what has nothing to do with them stays as it is. */
export const changedTree = <Note>(
  tree: Tree,
  left: readonly CompiledPolicy<Note>[],
  come: readonly CompiledPolicy<Note>[],
  ground: Ground<Note>,
  level = 0,
): Tree => {
  const size = tree.size - left.length + come.length
  const part = LEVELS[level]
  if (tree.below === undefined || part === undefined || size <= LIST_MAX) {
    const stays = policiesIn(tree, ground)
    for (const policy of left) stays.delete(policy)
    return treeOf([...stays, ...come], ground, level)
  }
  const below = new Map(tree.below)
  const leaving = grouped(left, part, ground.names)
  const coming = grouped(come, part, ground.names)
  for (const number of new Set([...leaving.keys(), ...coming.keys()])) {
    const before = below.get(number)
    const [out, added] = [leaving.get(number) ?? [], coming.get(number) ?? []]
    const after = before ? changedTree(before, out, added, ground, level + 1) : treeOf(added, ground, level + 1)
    if (after.size > 0) below.set(number, after)
    else below.delete(number)
  }
  return { ...NOWHERE, size, below }
}

const NOWHERE: Range = { from: 0, to: 0 }
const LEVELS = ['resource', 'action'] as const
// Below this many, comparing each is quicker than another lookup.
const LIST_MAX = 12

const policiesIn = <Note>(tree: Tree, ground: Ground<Note>): Set<CompiledPolicy<Note>> => {
  const found = new Set<CompiledPolicy<Note>>()
  for (const policy of ground.listing.policies(tree)) found.add(policy)
  for (const part of tree.below?.values() ?? []) for (const policy of policiesIn(part, ground)) found.add(policy)
  return found
}

const grouped = <Note>(
  policies: readonly CompiledPolicy<Note>[],
  part: (typeof LEVELS)[number],
  names: Names,
): Map<number, CompiledPolicy<Note>[]> => {
  const groups = new Map<number, CompiledPolicy<Note>[]>()
  for (const policy of policies)
    for (const number of listedUnder(policy.head[part], names)) {
      const group = groups.get(number)
      if (group) group.push(policy)
      else groups.set(number, [policy])
    }
  return groups
}
