import type { Bundle } from './bundle.ts'
import type { Grant } from './grant.ts'
import type { PolicyText, ReportOnly } from './policy-set.ts'
import type { Resource } from './resource.ts'

/** What applying would leave different: each thing as it would be, and what would be gone. */
export interface Delta<Identity> {
  readonly texts: readonly PolicyText[]
  readonly resources: readonly Resource[]
  readonly bundles: readonly Bundle[]
  readonly grants: readonly Grant[]
  readonly identities: readonly Identity[]
  /** What would become report-only. */
  readonly modes: readonly ReportOnly[]
  readonly gone: {
    /** Names of texts, and ids of everything else. */
    readonly texts: readonly string[]
    readonly resources: readonly string[]
    readonly bundles: readonly string[]
    readonly grants: readonly string[]
    readonly identities: readonly string[]
  }
}

/** A list after a delta: what it puts takes the place of what has its key. */
export const after = <Item>(
  before: readonly Item[],
  change: { readonly put: readonly Item[]; readonly gone: readonly string[] },
  key: (item: Item) => string,
): readonly Item[] => {
  const byKey = new Map(before.map((item) => [key(item), item]))
  for (const item of change.put) byKey.set(key(item), item)
  for (const name of change.gone) byKey.delete(name)
  return [...byKey.values()]
}

/** One thing whose state is not what a plan was made on. */
export interface StateChange {
  readonly what: string
  readonly how: 'appeared' | 'changed' | 'is gone'
}

/** What differs between two states, each the digests of its parts by name. */
export const stateChanges = (
  then: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): readonly StateChange[] => {
  const changes: StateChange[] = []
  for (const [what, digest] of Object.entries(now)) {
    if (!Object.hasOwn(then, what)) changes.push({ what, how: 'appeared' })
    else if (then[what] !== digest) changes.push({ what, how: 'changed' })
  }
  for (const what of Object.keys(then)) if (!Object.hasOwn(now, what)) changes.push({ what, how: 'is gone' })
  return changes
}
