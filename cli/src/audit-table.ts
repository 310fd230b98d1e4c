import { showTime } from './show-value.ts'
import { renderTable } from './table.ts'

/** An entry of the log, as far as a line of it shows. */
export interface ListedEvent {
  readonly seq: number
  readonly at: string
  readonly kind: string
  readonly outcome: string
  readonly code: string | null
  readonly actor: { readonly name: string | null; readonly id: string | null }
  readonly on: { readonly name: string | null; readonly id: string | null } | null
}

/** Entries of the log as a table; neighbours that say the same of the same are one line with how often. */
export const auditTable = (events: readonly ListedEvent[], columns: number): string =>
  renderTable(
    ['SEQ', 'AT', 'WHO', 'DID', 'ON', 'OUTCOME'],
    folded(events).map(({ event, times }) => [
      times === 1 ? String(event.seq) : `${event.seq} ×${times}`,
      ...cellsOf(event),
    ]),
    columns,
  )

/** One entry as a line, for a log that is followed. */
export const auditLine = (event: ListedEvent): readonly string[] => [String(event.seq), ...cellsOf(event)]

const cellsOf = (event: ListedEvent): string[] => [
  showTime(event.at),
  event.actor.name ?? event.actor.id ?? '-',
  event.kind,
  event.on?.name ?? event.on?.id ?? '-',
  event.code === null ? event.outcome : `${event.outcome} (${event.code})`,
]

const folded = (events: readonly ListedEvent[]): { event: ListedEvent; times: number }[] => {
  const lines: { event: ListedEvent; times: number; key: string }[] = []
  for (const event of events) {
    const key = JSON.stringify([event.kind, event.outcome, event.code, event.actor.id, event.on?.id])
    const last = lines.at(-1)
    if (last?.key === key) last.times++
    else lines.push({ event, times: 1, key })
  }
  return lines
}
