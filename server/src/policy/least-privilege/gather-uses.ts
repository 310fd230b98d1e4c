import type { AnyDb } from '../../kit/database.ts'
import type { RecordedRequest } from '../decide/recorded-request.ts'
import type { Base } from '../memory/base.ts'
import { readDecisions } from '../read-decisions.ts'
import type { RecordedEvent } from '../recorded-decision.ts'
import type { PolicyPorts } from '../room.ts'

/** That an action of a resource was used: when last, how often, and how that is known. */
export interface Used {
  readonly lastAt: string
  readonly count: number
  readonly by: readonly Seen[]
}

/** What a use is known by: it was asked for and allowed, or whoever checks tokens reported it. */
export type Seen = 'decision' | 'use-report'

/** What some identities used, and what of it cannot be told. */
export interface Uses {
  find(resource: string, action: string): Used | undefined
  /** Requests that named no action: all that they could be given counts as used. */
  readonly unnamed: number
  /** Reports that named no action, and decisions whose request is no longer kept: their whole resource counts as used. */
  readonly whole: number
  /** Decisions on pages that are no longer kept: of them it is not known who asked for what. */
  readonly lost: number
  /** Resources for which somebody reports uses. */
  readonly reported: ReadonlySet<string>
  readonly decisions: number
}

/** What is looked at. */
export interface Looked {
  readonly identities: ReadonlySet<string>
  readonly from: Date
}

const PAGE = 5_000

/** Gathers what these identities, and those whom they spawned, used since a moment. */
export const gatherUses = async (
  ports: Pick<PolicyPorts, 'decisions' | 'uses'>,
  db: AnyDb,
  base: Pick<Base, 'resource' | 'resourceByUri'>,
  { identities, from }: Looked,
): Promise<Uses> => {
  const tally: Tally = { found: new Map(), unnamed: 0, whole: 0, lost: 0, decisions: 0 }
  const allOf = (resource: string): readonly string[] =>
    (base.resource(resource)?.actions ?? []).map(({ name }) => name)
  for (let after: number | undefined = -1; after !== undefined; ) {
    const read = await readDecisions(ports, db, { from, after, limit: PAGE })
    tally.decisions += read.decisions
    tally.lost += read.lost
    for (const { request, events } of read.decided)
      if (isOf(request, identities)) noteDecided(tally, request, events, allOf)
    for (const event of read.forgotten) if (identities.has(event.actor.id ?? '')) noteForgotten(tally, event, allOf)
    after = read.last
  }
  const reported = new Set<string>()
  for (const { resource: uri, action, at, count } of await ports.uses.since(db, [...identities], from)) {
    const resource = base.resourceByUri.get(uri)?.id
    if (resource === undefined) continue
    reported.add(resource)
    if (action === null) tally.whole += count
    note(
      tally,
      { resource, actions: action === null ? allOf(resource) : [action], at: at.toISOString(), count },
      'use-report',
    )
  }
  const { found, ...counts } = tally
  return {
    ...counts,
    reported,
    find: (resource, action) => {
      const known = found.get(`${resource} ${action}`)
      return known === undefined ? undefined : { ...known, by: [...known.by] }
    },
  }
}

interface Tally {
  readonly found: Map<string, { lastAt: string; count: number; readonly by: Set<Seen> }>
  unnamed: number
  whole: number
  lost: number
  decisions: number
}

type AllOf = (resource: string) => readonly string[]

const noteDecided = (tally: Tally, request: RecordedRequest, events: readonly RecordedEvent[], allOf: AllOf): void => {
  const used = events.filter(wasLetIn)
  const isNamed = request.actions.length > 0
  const resource = request.resource.id
  const actions = isNamed ? request.actions : allOf(resource)
  if (!isNamed) tally.unnamed += used.length
  for (const { at } of used) note(tally, { resource, actions, at, count: 1 }, 'decision')
}

const noteForgotten = (tally: Tally, event: RecordedEvent, allOf: AllOf): void => {
  const { on, at } = event
  if (!wasLetIn(event) || on?.type !== 'Resource' || on.id === null) return
  tally.whole += 1
  note(tally, { resource: on.id, actions: allOf(on.id), at, count: 1 }, 'decision')
}

const note = (
  { found }: Tally,
  used: { readonly resource: string; readonly actions: readonly string[]; readonly at: string; readonly count: number },
  by: Seen,
): void => {
  for (const action of used.actions) {
    const key = `${used.resource} ${action}`
    const known = found.get(key) ?? { lastAt: used.at, count: 0, by: new Set() }
    known.count += used.count
    known.by.add(by)
    if (used.at > known.lastAt) known.lastAt = used.at
    found.set(key, known)
  }
}

/** Whether somebody of these asked for a token, or somebody below them, who may do no more than they. */
export const isOf = ({ of, principal, ancestors = [] }: RecordedRequest, identities: ReadonlySet<string>): boolean =>
  of === 'token' && (identities.has(principal.id) || ancestors.some((above) => identities.has(above.principal.id)))

/** Whether the decision let somebody in, be it because a refusal was only reported. */
export const wasLetIn = ({ decision }: RecordedEvent): boolean => decision.outcome === 'allow' || !decision.enforced
