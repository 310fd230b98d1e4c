import { buildScopeIndex, type PolicyScope, type Request, type ScopeIndex, uidText } from '@reeve/cedar'
import { readSource, type SourcePolicy } from '../engine/index.ts'
import { sourcesOf } from '../memory/base.ts'
import type { Sides } from './grounds.ts'

/** A policy that a plan adds, takes away or changes; of a changed one there are two. */
export interface ChangedPolicy {
  readonly id: string
  readonly est: PolicyScope
  readonly source: SourcePolicy
  readonly side: 'live' | 'planned'
  readonly change: 'added' | 'removed' | 'changed'
}

/** The policies that differ between both sides: whoever none of them speaks of is judged as before. */
export interface ChangedPolicies {
  readonly texts: readonly ChangedPolicy[]
  readonly index: ScopeIndex<ChangedPolicy>
  /** Identities whose grants differ. */
  readonly identities: ReadonlySet<string>
  /** How a policy of this id changes. */
  changeOf(policyId: string): ChangedPolicy['change'] | undefined
  /** Whether a request could be judged otherwise: one of them speaks of it. */
  touches(request: Request): boolean
}

/** Compares both sides, policy by policy. */
export const changedPolicies = (sides: Sides, identities: ReadonlySet<string>): ChangedPolicies => {
  const texts = differing(textsOf(sides, 'live'), textsOf(sides, 'planned'))
  const grants: ChangedPolicy[] = []
  const touched = new Set<string>()
  for (const id of identities) {
    const found = differing(sides.live.sources(id), sides.planned.sources(id))
    if (found.length > 0) touched.add(id)
    grants.push(...found)
  }
  const all = [...texts, ...grants]
  const index = buildScopeIndex(all.map((one) => ({ ...one, id: `${one.side} ${one.id}` })))
  const speakOfAction = byAction(all)
  const changes = new Map(all.map(({ id, change }) => [id, change]))
  return {
    texts,
    index,
    identities: touched,
    changeOf: (id) => changes.get(id),
    touches: (request) => speakOfAction(request) && index.candidates(request).length > 0,
  }
}

/**
 * Whether any of these speaks of the action of a request, whoever asks and about what: most plans change policies on few
 * actions. An action's groups are the schema's, so that it is found out once for each.
 */
const byAction = (all: readonly ChangedPolicy[]): ((request: Request) => boolean) => {
  const open = buildScopeIndex(
    all.map(({ side, id, est }) => ({
      id: `${side} ${id}`,
      est: { principal: { op: 'All' as const }, action: est.action, resource: { op: 'All' as const } },
    })),
  )
  const known = new Map<string, boolean>()
  return (request) => {
    const action = uidText(request.action)
    const isSpokenOf = known.get(action) ?? open.candidates(request).length > 0
    known.set(action, isSpokenOf)
    return isSpokenOf
  }
}

const textsOf = ({ live, planned }: Sides, side: ChangedPolicy['side']): readonly SourcePolicy[] =>
  sourcesOf((side === 'live' ? live : planned).base().stored.texts).sources

const differing = (live: readonly SourcePolicy[], planned: readonly SourcePolicy[]): ChangedPolicy[] => {
  const before = new Map(live.map((source) => [source.id, source]))
  const now = new Map(planned.map((source) => [source.id, source]))
  const isSame = (one: SourcePolicy, other: SourcePolicy | undefined) => other !== undefined && one.text === other.text
  return [
    ...live
      .filter((source) => !isSame(source, now.get(source.id)))
      .flatMap((source) => changed(source, 'live', now.has(source.id) ? 'changed' : 'removed')),
    ...planned
      .filter((source) => !isSame(source, before.get(source.id)))
      .flatMap((source) => changed(source, 'planned', before.has(source.id) ? 'changed' : 'added')),
  ]
}

const changed = (
  source: SourcePolicy,
  side: ChangedPolicy['side'],
  change: ChangedPolicy['change'],
): ChangedPolicy[] => {
  // Both sides are valid sets, so that every policy can be read; one that cannot speaks of everything.
  const est = source.compiled ?? readSource(source.text) ?? EVERYTHING
  return [{ id: source.id, est, source, side, change }]
}

const EVERYTHING: PolicyScope = { principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' } }
