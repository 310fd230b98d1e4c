import type { ParsedPolicy, PolicySchema } from './check-policies.ts'
import { narrowSchema } from './narrow-schema.ts'
import type { SourcePolicy } from './source-policy.ts'

/** Policies that are type-checked in one call, and the schema that says of them what the whole one does. */
export interface CheckGroup {
  readonly policies: readonly SourcePolicy[]
  readonly schema: PolicySchema
}

// 50 to 150 ms of work each. A policy about any action is looked at once for each that there is: 10 ms for hundreds.
const POLICIES_MAX = 100
const ACTIONS_MAX = 16
const WIDE_MAX = 10

/** Puts policies about the same actions together, so that each group is about a few. */
export function* checkGroups(policies: readonly ParsedPolicy[], schema: PolicySchema): Generator<CheckGroup> {
  if (policies.length === 0) return
  if (typeof schema === 'string') {
    yield* inSlices(
      policies.map(({ source }) => source),
      POLICIES_MAX,
      schema,
    )
    return
  }
  const narrow = narrowSchema(schema)
  const wide: SourcePolicy[] = []
  const few: { readonly source: SourcePolicy; readonly actions: ReadonlySet<string>; readonly key: string }[] = []
  for (const { source, est } of policies) {
    const actions = narrow.matched(est.action)
    if (actions === undefined || actions.size > ACTIONS_MAX) wide.push(source)
    else few.push({ source, actions, key: [...actions].toSorted().join() })
  }
  yield* inSlices(wide, WIDE_MAX, schema)
  let group: SourcePolicy[] = []
  let actions: ReadonlySet<string> = new Set()
  for (const one of few.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    const both = actions.union(one.actions)
    const isFull = group.length === POLICIES_MAX || both.size > ACTIONS_MAX
    if (isFull) yield { policies: group, schema: narrow.only(actions) }
    group = isFull ? [one.source] : [...group, one.source]
    actions = isFull ? one.actions : both
  }
  if (group.length > 0) yield { policies: group, schema: narrow.only(actions) }
}

function* inSlices(policies: readonly SourcePolicy[], size: number, schema: PolicySchema): Generator<CheckGroup> {
  for (let at = 0; at < policies.length; at += size) yield { policies: policies.slice(at, at + size), schema }
}
