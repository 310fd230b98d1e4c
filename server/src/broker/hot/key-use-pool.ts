import type { Pool } from '../../kit/hot.ts'
import type { EventDraft } from '../../ledger/event.ts'
import { nameOfUse } from '../../ledger/shared-event.ts'

/** One use of an API key that was found active, until it is written down. */
export interface KeyUseRecord {
  /** Its event, should it stand alone. */
  readonly draft: EventDraft
  /** What the log calls the request: another name than it came with, where it shares an event. */
  requestId: string
}

/** How many uses one event holds at most. */
const USES_MAX = 1_000

/**
 * The pool of uses of API keys: those of one commit that differ in nothing but their request, their decision's name and their trace are
 * one event. One that is alone is the event that it would have been.
 */
export const keyUsePool = (): Pool => {
  const isRecord = (record: object): record is KeyUseRecord => 'draft' in record
  return {
    write: (records) => {
      const groups = new Map<string, KeyUseRecord[][]>()
      const inOrder: KeyUseRecord[][] = []
      for (const record of records) {
        if (!isRecord(record)) continue
        const key = keyOf(record.draft)
        const alike = groups.get(key)?.find((group) => mayJoin(group, record))
        if (alike !== undefined) {
          alike.push(record)
          continue
        }
        const group = [record]
        inOrder.push(group)
        const known = groups.get(key)
        if (known === undefined) groups.set(key, [group])
        else known.push(group)
      }
      return { drafts: inOrder.flatMap(draftOfUses), kept: [] }
    },
  }
}

// What differs most; the rest is compared.
const keyOf = ({ credential, evidence }: EventDraft): string =>
  `${credential} ${evidence.usedCredential} ${evidence.usedIp}`

const mayJoin = (group: readonly KeyUseRecord[], { draft }: KeyUseRecord): boolean => {
  const first = group[0]?.draft
  return first !== undefined && group.length < USES_MAX && areAlike(first, draft)
}

/** INVARIANT: compares all that an event says but the names of its request and decision, and its trace. */
export const areAlike = (one: EventDraft, other: EventDraft): boolean => {
  const { actor, decision, correlation, ...rest } = one
  return (
    isSame(actor, other.actor) &&
    isSameDecision(decision, other.decision) &&
    correlation.cause === other.correlation.cause &&
    isSame(rest.on, other.on) &&
    isSame(rest.source, other.source) &&
    isSame(rest.evidence, other.evidence) &&
    isSame(rest.workflow, other.workflow) &&
    isSame(rest.tags, other.tags) &&
    rest.kind === other.kind &&
    rest.outcome === other.outcome &&
    rest.code === other.code &&
    rest.instance === other.instance &&
    rest.credential === other.credential &&
    rest.token === other.token &&
    rest.approval === other.approval &&
    rest.change.length === 0 &&
    other.change.length === 0
  )
}

/** Flat records with the same members. */
const isSame = (one: object | null, other: object | null): boolean => {
  if (one === other) return true
  if (one === null || other === null) return false
  const names = Object.keys(one)
  if (names.length !== Object.keys(other).length) return false
  for (const name of names) if (Reflect.get(one, name) !== Reflect.get(other, name)) return false
  return true
}

const isSameDecision = (one: EventDraft['decision'], other: EventDraft['decision']): boolean => {
  if (one === null || other === null) return one === other
  return (
    one.outcome === other.outcome &&
    one.enforced === other.enforced &&
    one.revision === other.revision &&
    one.request === other.request &&
    isSameList(one.policies, other.policies) &&
    isSameList(one.missing, other.missing)
  )
}

const isSameList = (one: readonly string[], other: readonly string[]): boolean =>
  one === other || (one.length === other.length && one.every((text, at) => text === other[at]))

/** The event of a group; its records are called by their places there. */
const draftOfUses = (group: readonly KeyUseRecord[]): readonly EventDraft[] => {
  const [first] = group
  if (first === undefined) return []
  const { draft } = first
  const { requestId, traceparent } = draft.correlation
  if (group.length === 1) {
    first.requestId = requestId
    return [draft]
  }
  for (const [at, record] of group.entries()) record.requestId = nameOfUse(requestId, at)
  const isOneTrace = group.every((record) => record.draft.correlation.traceparent === traceparent)
  const evidence = { ...draft.evidence, uses: group.length }
  return [{ ...draft, evidence: isOneTrace ? evidence : { ...evidence, traceparents: group.map(traceOf).join(' ') } }]
}

// One that came without has a place as well.
const traceOf = ({ draft }: KeyUseRecord): string => draft.correlation.traceparent ?? '-'
