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
      let last: KeyUseRecord[] = []
      for (const record of records) {
        if (!isRecord(record)) continue
        // Mostly one like the one before.
        if (mayJoin(last, record)) {
          last.push(record)
          continue
        }
        const key = keyOf(record.draft)
        const known = groups.get(key) ?? []
        const alike = known.find((group) => mayJoin(group, record))
        last = alike ?? []
        last.push(record)
        if (alike !== undefined) continue
        inOrder.push(last)
        groups.set(key, [...known, last])
      }
      return { drafts: inOrder.flatMap(draftOfUses), kept: [] }
    },
  }
}

// What differs most; the rest is compared.
const keyOf = ({ credential, evidence, source }: EventDraft): string =>
  `${credential} ${evidence.usedCredential} ${evidence.usedIp} ${source.ip} ${source.userAgent}`

const mayJoin = (group: readonly KeyUseRecord[], { draft }: KeyUseRecord): boolean => {
  const first = group[0]?.draft
  return first !== undefined && group.length < USES_MAX && areAlike(first, draft)
}

/** INVARIANT: compares all that an event says but the names of its request and decision, and its trace. */
const areAlike = (one: EventDraft, other: EventDraft): boolean => {
  const { actor, on, source, evidence, tags, correlation } = one
  return (
    isSame(evidence, other.evidence) &&
    one.credential === other.credential &&
    actor.id === other.actor.id &&
    actor.name === other.actor.name &&
    actor.principalType === other.actor.principalType &&
    isSame(on, other.on) &&
    isSame(source, other.source) &&
    isSameDecision(one.decision, other.decision) &&
    isSame(tags, other.tags) &&
    isSame(one.workflow, other.workflow) &&
    one.kind === other.kind &&
    one.outcome === other.outcome &&
    one.code === other.code &&
    one.instance === other.instance &&
    one.token === other.token &&
    one.approval === other.approval &&
    one.change.length + other.change.length === 0 &&
    correlation.cause === other.correlation.cause
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
