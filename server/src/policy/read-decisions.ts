import type { AnyDb } from '../kit/database.ts'
import { type RecordedRequest, readKept } from './decide/recorded-request.ts'
import { type PagedDecision, readPage } from './evaluate/read-page.ts'
import {
  eachOf,
  eventOfPage,
  type PagedEvent,
  type RecordedEvent,
  readPaged,
  readRecorded,
} from './recorded-decision.ts'
import type { PolicyPorts, RecordedPage } from './room.ts'

/** Why the request of a recorded decision is not there: its text is no longer kept, or cannot be read. */
export type Unread = 'forgotten' | 'unreadable'

/** One request, with all the decisions of a part of the log that were made on it. */
export interface DecidedRequest {
  readonly request: RecordedRequest
  readonly events: readonly RecordedEvent[]
}

/** A part of the log as decisions, whether each has an event or many stand on one page. */
export interface ReadDecisions {
  readonly decisions: number
  /** How many events they stand in. */
  readonly entries: number
  readonly decided: readonly DecidedRequest[]
  readonly unread: Readonly<Record<Unread, number>>
  /** Those whose request is not there, as far as they have an event of their own. */
  readonly forgotten: readonly RecordedEvent[]
  /** How many are on pages that are not there: nothing is known of them. */
  readonly lost: number
  /** What is known of all of them, also of those whose request is not there. */
  readonly events: readonly RecordedEvent[]
  readonly last: number | undefined
}

interface Reading {
  readonly events: RecordedEvent[]
  /** By the text of the request, or by itself for one that stands on a page whole. */
  readonly groups: Map<string, { body: string | RecordedRequest | undefined; events: RecordedEvent[] }>
  readonly unread: Record<Unread, number>
  readonly forgotten: RecordedEvent[]
  decisions: number
  lost: number
}

/** Reads the decisions of a part of the log: tokens, calls, and the questions of applications. */
export const readDecisions = async (
  { decisions }: Pick<PolicyPorts, 'decisions'>,
  db: AnyDb,
  page: RecordedPage,
): Promise<ReadDecisions> => {
  const found = await decisions.recorded(db, page)
  const reading: Reading = {
    events: [],
    groups: new Map(),
    unread: { forgotten: 0, unreadable: 0 },
    forgotten: [],
    decisions: 0,
    lost: 0,
  }
  const paged: { readonly event: PagedEvent; readonly decided: readonly PagedDecision[] }[] = []
  for (const [at, raw] of found.events.entries()) {
    await turn(at)
    const event = readPaged(raw)
    if (event === undefined) noteEvent(reading, readRecorded(raw), found.requests)
    else paged.push({ event, decided: pageOf(reading, event, found.requests.get(event.evidence.digest)) })
  }
  const apart = paged.flatMap(({ decided }) => decided.flatMap(({ decision: { kept } }) => kept ?? []))
  const texts = apart.length === 0 ? new Map<string, string>() : await decisions.kept(db, apart)
  for (const { event, decided } of paged)
    for (const [at, one] of decided.entries()) {
      const { kept } = one.decision
      const id = `${event.evidence.decisionPage}.${at}`
      note(
        reading,
        eventOfPage(event, one, at),
        kept === null ? id : kept,
        kept === null ? one.request : texts.get(kept),
      )
    }
  return {
    decisions: reading.decisions,
    entries: found.events.length,
    decided: await decidedOf(reading),
    unread: reading.unread,
    forgotten: reading.forgotten,
    lost: reading.lost,
    events: reading.events,
    last: found.last,
  }
}

const noteEvent = (reading: Reading, event: RecordedEvent | undefined, texts: ReadonlyMap<string, string>): void => {
  const digest = event?.decision.request ?? ''
  if (event !== undefined) for (const one of eachOf(event)) note(reading, one, digest, texts.get(digest))
  else {
    reading.decisions += 1
    reading.lost += 1
    reading.unread.unreadable += 1
  }
}

// A page that is not there, or holds another number than its event says, is not guessed at.
const pageOf = (reading: Reading, { evidence }: PagedEvent, body: string | undefined): readonly PagedDecision[] => {
  const decided = body === undefined ? [] : readPage(body)
  if (decided.length === evidence.decisions) return decided
  reading.decisions += evidence.decisions
  reading.lost += evidence.decisions
  reading.unread[body === undefined ? 'forgotten' : 'unreadable'] += evidence.decisions
  return []
}

const note = (
  reading: Reading,
  event: RecordedEvent,
  key: string,
  body: string | RecordedRequest | undefined,
): void => {
  reading.decisions += 1
  reading.events.push(event)
  const known = reading.groups.get(key)
  if (known === undefined) reading.groups.set(key, { body, events: [event] })
  else known.events.push(event)
}

const decidedOf = async ({ groups, unread, forgotten }: Reading): Promise<readonly DecidedRequest[]> => {
  const decided: DecidedRequest[] = []
  let at = 0
  for (const [key, { body, events }] of groups) {
    await turn(at++)
    const request = typeof body === 'string' ? readKept(body) : body
    if (request !== undefined) decided.push({ request, events })
    // What stood on a page whole was there, and could not be read; the text of the others may be gone.
    else {
      unread[body === undefined && !isPaged(key) ? 'forgotten' : 'unreadable'] += events.length
      forgotten.push(...events)
    }
  }
  return decided
}

const isPaged = (key: string): boolean => key.includes('.')

const TURN = 64

/** Lets everybody else go on, once in a while. */
export const turn = async (at: number): Promise<void> => {
  if (at % TURN === TURN - 1) await new Promise<void>((resolve) => setImmediate(resolve))
}
