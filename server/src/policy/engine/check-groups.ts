import type { ParsedPolicy, PolicySchema } from './check-policies.ts'
import { type NarrowSchema, narrowSchema } from './narrow-schema.ts'
import type { SourcePolicy } from './source-policy.ts'

/** Policies that are type-checked in one call. */
export interface CheckGroup {
  readonly policies: readonly SourcePolicy[]
  /** What says of them what the whole schema does. */
  readonly schema: PolicySchema
  /** Whether it says so only where it finds nothing: what is wrong is told of all actions, and these are some. */
  readonly isSample: boolean
}

// About 50 ms of work each.
const POLICIES_MAX = 100
const ACTIONS_MAX = 16
const LOOKS_MAX = 400
// A hundred policies have some 30,000; one that is nothing but numbers may have as many, and takes a few hundred ms alone.
const CHARS_MAX = 50_000
// Looked at once for each action that there is: 10 to 40 ms for hundreds.
const WIDE_MAX = 3

/** Puts policies about the same actions together, so that each group is about a few. */
export function* checkGroups(policies: readonly ParsedPolicy[], schema: PolicySchema): Generator<CheckGroup> {
  if (policies.length === 0) return
  const narrow = typeof schema === 'string' ? undefined : narrowSchema(schema)
  const judged = policies.map((policy) => ({ source: policy.source, ...(narrow && aboutIn(narrow, policy)) }))
  const wide = judged.flatMap(({ source, about }) => (about === undefined ? [source] : []))
  yield* wideGroups(wide, schema)
  if (narrow === undefined) return
  const few = judged.flatMap(({ source, about }) => (about === undefined ? [] : [{ source, about }]))
  yield* narrowGroups(few, narrow)
}

/** A few policies each, in the whole schema. */
export function* wideGroups(policies: readonly SourcePolicy[], schema: PolicySchema): Generator<CheckGroup> {
  let group: SourcePolicy[] = []
  for (const next of policies) {
    if (group.length === WIDE_MAX || charsOf(group) + next.text.length > CHARS_MAX) {
      if (group.length > 0) yield { policies: group, schema, isSample: false }
      group = []
    }
    group.push(next)
  }
  if (group.length > 0) yield { policies: group, schema, isSample: false }
}

const charsOf = (policies: readonly SourcePolicy[]): number => policies.reduce((sum, { text }) => sum + text.length, 0)

/** The actions that a policy is checked with. */
interface About {
  readonly actions: ReadonlySet<string>
  readonly isSample: boolean
}

interface Narrow {
  readonly source: SourcePolicy
  readonly about: About
}

const aboutIn = (narrow: NarrowSchema, { est }: ParsedPolicy): { readonly about?: About } => {
  const matched = narrow.matched(est.action)
  if (matched !== undefined && matched.size <= ACTIONS_MAX) return { about: { actions: matched, isSample: false } }
  return looksAtAction(est.conditions) ? {} : { about: { actions: narrow.sampled(matched), isSample: true } }
}

const looksAtAction = (part: unknown): boolean => {
  if (typeof part !== 'object' || part === null) return false
  return Object.entries(part).some(([key, inner]) => (key === 'Var' && inner === 'action') || looksAtAction(inner))
}

function* narrowGroups(policies: readonly Narrow[], narrow: NarrowSchema): Generator<CheckGroup> {
  const keyed = policies.map((one) => ({ ...one, key: keyOf(one.about) }))
  let group: SourcePolicy[] = []
  let about: About = { actions: new Set(), isSample: false }
  let looks = 0
  let chars = 0
  for (const next of keyed.toSorted((one, other) => (one.key < other.key ? -1 : 1))) {
    const both = about.actions.union(next.about.actions)
    const isOther = both.size > ACTIONS_MAX && both.size > about.actions.size
    const isMore = looks + next.about.actions.size > LOOKS_MAX || chars + next.source.text.length > CHARS_MAX
    const isFull = group.length === POLICIES_MAX || isMore
    const isNew = group.length === 0 || isFull || isOther || about.isSample !== next.about.isSample
    if (isNew && group.length > 0)
      yield { policies: group, schema: narrow.only(about.actions), isSample: about.isSample }
    group = isNew ? [next.source] : [...group, next.source]
    about = isNew ? next.about : { ...about, actions: both }
    looks = next.about.actions.size + (isNew ? 0 : looks)
    chars = next.source.text.length + (isNew ? 0 : chars)
  }
  if (group.length > 0) yield { policies: group, schema: narrow.only(about.actions), isSample: about.isSample }
}

const keyOf = ({ actions, isSample }: About): string => `${isSample} ${[...actions].toSorted().join()}`
