import type { LedgerEvent } from './event.ts'

/** What of an event is repeated beside its body, for looking it up. */
export interface EventColumns {
  readonly id: string
  readonly at: number
  readonly kind: string
  readonly outcome: string
  readonly actor_id: string | null
  readonly on_id: string | null
  readonly team: string | null
  readonly decision_id: string | null
  readonly request_id: string
}

/** The part of an event that its columns repeat. */
export type IndexedEvent = Pick<LedgerEvent, 'id' | 'at' | 'kind' | 'outcome'> & {
  readonly actor: { readonly id: string | null }
  readonly on: { readonly id: string | null; readonly team?: string | null | undefined } | null
  readonly decision: { readonly id: string } | null
  readonly evidence: Readonly<Record<string, unknown>>
  readonly correlation: { readonly requestId: string }
}

/** The columns of an event: written when it is appended, compared when it is exported. */
export const columnsOf = (event: IndexedEvent): EventColumns => ({
  id: event.id,
  at: new Date(event.at).getTime(),
  kind: columnText(event.kind),
  outcome: event.outcome,
  actor_id: orNull(event.actor.id),
  on_id: orNull(event.on?.id),
  team: orNull(event.on?.team),
  decision_id: orNull(event.decision?.id ?? pageOf(event)),
  request_id: columnText(event.correlation.requestId),
})

/** The names of these columns, in one order. */
export const COLUMN_NAMES = [
  'id',
  'at',
  'kind',
  'outcome',
  'actor_id',
  'on_id',
  'team',
  'decision_id',
  'request_id',
] as const satisfies readonly (keyof EventColumns)[]

// An event of a whole page of decisions is found by the page's name, which the decisions' ids begin with.
const pageOf = ({ evidence }: IndexedEvent): string | null =>
  typeof evidence.decisionPage === 'string' ? evidence.decisionPage : null

const CHARS_MAX = 200

// Some of it is what an unproven caller claims. PostgreSQL takes no NUL, and no index row beyond 2,704 bytes; one
// such text must not cost the record of it.
const columnText = (text: string): string => text.slice(0, CHARS_MAX).replaceAll('\0', '').toWellFormed()

const orNull = (text: string | null | undefined): string | null =>
  text === null || text === undefined ? null : columnText(text)
