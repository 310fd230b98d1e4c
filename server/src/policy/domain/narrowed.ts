import type { MatrixLine } from './bundle.ts'
import { WILDCARD } from './reach.ts'

/** Lines without the actions that nobody used, and what was taken from them. */
export interface Narrowed {
  readonly lines: readonly MatrixLine[]
  readonly taken: readonly MatrixLine[]
}

/**
 * Takes from lines what was not used. INVARIANT: what was used stays, nothing is added, and a line that loses nothing
 * stays as it is written; of what is not registered nothing is known, so it stays too.
 */
export const narrowed = (
  lines: readonly MatrixLine[],
  actionsOf: (resource: string) => readonly string[] | undefined,
  isUsed: (resource: string, action: string) => boolean,
): Narrowed => {
  const left: MatrixLine[] = []
  const taken: MatrixLine[] = []
  for (const line of lines) {
    const { resource } = line
    const all = actionsOf(resource)
    const given = line.actions.includes(WILDCARD) ? (all ?? line.actions) : line.actions
    const unused = all === undefined ? [] : given.filter((action) => all.includes(action) && !isUsed(resource, action))
    if (unused.length === 0) {
      left.push(line)
      continue
    }
    taken.push({ resource, actions: unused })
    const actions = given.filter((action) => !unused.includes(action))
    if (actions.length > 0) left.push({ resource, actions })
  }
  return { lines: left, taken }
}
