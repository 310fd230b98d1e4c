import type { AnyDb } from '../../kit/database.ts'
import { claimsOf, ownClaimsOf, securityEvents, seqOfJti, type ToldStop } from '../domain/security-event.ts'
import { deliveredOf, type Stream } from '../domain/stream.ts'
import type { BrokerPorts } from '../room.ts'
import { findStream } from '../store-stream.ts'
import { inForceAfter, toldAfter } from '../store-told.ts'
import { createAudience } from './audience.ts'

/** A SET that is to be signed and delivered. */
export interface DueSet {
  readonly jti: string
  readonly claims: Readonly<Record<string, unknown>>
}

/** What a stream has to deliver next, and the stream with its position moved over what needs no delivery. */
export interface Walked {
  readonly stream: Stream
  readonly due: readonly DueSet[]
  readonly isMore: boolean
}

const PAGE = 100
// One walk reads no more than this; who is further behind walks again.
const PAGES_MAX = 20

/**
 * Goes along the feed from where the stream stands: nothing is kept of what is to be delivered but how far it was.
 * INVARIANT: the position moves over an entry only when each of its events was taken, or is none of this stream's.
 */
export const walkStream = async (
  db: AnyDb,
  ports: Pick<BrokerPorts, 'receivers' | 'tiers' | 'issuer'>,
  stream: Stream,
  { limit, now }: { readonly limit: number; readonly now: Date },
): Promise<Walked> => {
  const due = [...ownSets(stream, ports.issuer())]
  if (stream.status !== 'enabled') return { stream, due: due.slice(0, limit), isMore: due.length > limit }
  const setsOf = createSetsOf(db, ports, stream)
  const taken = new Set(stream.taken)
  const way: Way = { at: stream, isMoving: true, due }
  let from = stream.resend?.from ?? stream.position
  for (let page = 0; page < PAGES_MAX && due.length <= limit; page++) {
    const { told, last } = await pageAfter(db, way.at, from, now)
    if (last === undefined && (way.at.resend === null || !way.isMoving)) return ended(way, limit, taken)
    // All of what was in force is known to the receiver: on with the feed.
    if (last === undefined) way.at = { ...way.at, resend: null }
    for (const each of told) {
      if (due.length > limit) break
      const sets = await setsOf(each)
      goOver(
        way,
        each.seq,
        sets.filter(({ jti }) => !taken.has(jti)),
      )
    }
    // Where it broke off it stands at what is left.
    if (last !== undefined) goOver(way, last, [])
    from = last ?? way.at.position
  }
  return { ...ended(way, limit, taken), isMore: true }
}

/** How far a walk came: it stays at the first entry of which something is left, and looks further ahead. */
interface Way {
  at: Stream
  isMoving: boolean
  readonly due: DueSet[]
}

const goOver = (way: Way, seq: number, left: readonly DueSet[]): void => {
  way.due.push(...left)
  if (left.length > 0) way.isMoving = false
  if (way.isMoving) way.at = movedTo(way.at, seq)
}

/** Whether a stream has anything to deliver. */
export const hasNext = async (
  db: AnyDb,
  ports: Pick<BrokerPorts, 'receivers' | 'tiers' | 'issuer'>,
  id: string,
  now: Date,
): Promise<boolean> => {
  const stream = await findStream(db, id)
  return stream !== undefined && (await walkStream(db, ports, stream, { limit: 0, now })).isMore
}

/** What is about the stream itself comes first; that it was stopped is told after that, too. */
const ownSets = (stream: Stream, issuer: string): readonly DueSet[] => {
  const named = { issuer, audience: stream.identity, stream: stream.id }
  return stream.own
    .filter(({ type }) => stream.status === 'enabled' || type === 'stream-updated')
    .map((event) => ({ jti: `${stream.id}.${event.id}`, claims: ownClaimsOf(event, named) }))
}

/** What of an entry this stream delivers. */
const createSetsOf = (db: AnyDb, ports: Pick<BrokerPorts, 'receivers' | 'tiers' | 'issuer'>, stream: Stream) => {
  const named = { issuer: ports.issuer(), audience: stream.identity, stream: stream.id }
  const isTold = createAudience(db, ports)
  const names = deliveredOf(stream)
  return async (told: ToldStop): Promise<readonly DueSet[]> => {
    const events = securityEvents(told, named.issuer).filter(({ name }) => names.includes(name))
    if (events.length === 0 || !(await isTold(stream, told))) return []
    return events.map((event) => {
      const claims = claimsOf(event, told, named)
      return { jti: claims.jti, claims }
    })
  }
}

const pageAfter = (db: AnyDb, { resend }: Stream, from: number, now: Date) =>
  resend === null
    ? toldAfter(db, from, PAGE)
    : inForceAfter(db, from, { until: resend.until, limit: PAGE, nowMs: now.getTime() })

const movedTo = (stream: Stream, seq: number): Stream =>
  stream.resend === null ? { ...stream, position: seq } : { ...stream, resend: { ...stream.resend, from: seq } }

/** What lies behind the position needs no name any more. */
const ended = ({ at, due }: Way, limit: number, taken: ReadonlySet<string>): Walked => ({
  stream: { ...at, taken: [...taken].filter((jti) => isBeyond(jti, at)) },
  due: due.slice(0, limit),
  isMore: due.length > limit,
})

const isBeyond = (jti: string, { id, position, resend }: Stream): boolean => {
  const seq = seqOfJti(jti, id)
  return seq !== undefined && seq > (resend?.from ?? position)
}
