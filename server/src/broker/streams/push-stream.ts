import { z } from 'zod'
import type { AnyTx, Database } from '../../kit/database.ts'
import { type Outbound, OutboundError } from '../../kit/fetch.ts'
import { WrongKey } from '../../kit/key-wrapper.ts'
import { BrokenSeal } from '../../kit/seal-box.ts'
import type { Stream } from '../domain/stream.ts'
import { authorizationOf } from '../operations/stream-input.ts'
import type { BrokerPorts } from '../room.ts'
import { feedHead } from '../store-stop.ts'
import { freeStream, holdStream, leaseStream, updateStream } from '../store-stream.ts'
import { refusedFinding, undeliveredFinding } from './stream-finding.ts'
import { takeSets } from './take-sets.ts'
import { type DueSet, walkStream } from './walk-stream.ts'

/** What pushing stands on. */
export interface PushParts {
  readonly database: Database
  readonly ports: Pick<BrokerPorts, 'receivers' | 'tiers' | 'issuer' | 'subjects' | 'decisions' | 'sealer' | 'findings'>
  readonly outbound: Outbound
  /** The name of this replica in leases. */
  readonly holder: string
  now(): Date
  signSet(set: DueSet): Promise<string>
}

// Renewed before each delivery, which takes five seconds at most; who dies leaves the stream to others after it.
const LEASE_MS = 10_000
const SETS_AT_ONCE = 20
// So long one stream keeps its place; then it goes behind others that wait.
const PLACE_MS_MAX = 10_000
const BACKOFF_MS_MIN = 1_000
const BACKOFF_MS_MAX = 300_000
const HELD_MS = 60_000
/** How often a receiver may refuse one event before it is told what comes after. */
const REFUSALS_MAX = 3
/** From how many failures in a row on it is found that a receiver takes nothing. */
const FAILURES_FOUND = 5

/**
 * Delivers what one stream has, in order, one at a time, each kept as taken before the next (RFC 8935 §2). At least once:
 * who dies between the answer and that tells it again, under the same jti. Nothing here is in the way of who stops.
 */
export const pushStream = async (parts: PushParts, id: string): Promise<void> => {
  const untilMs = parts.now().getTime() + PLACE_MS_MAX
  for (;;) {
    const leased = await lease(parts, id)
    if (leased === undefined) return
    const why = await whyHeld(parts, leased)
    if (why !== undefined) return keepHeld(parts, leased, why)
    const walked = await walkStream(parts.database.reader, parts.ports, leased, {
      limit: SETS_AT_ONCE,
      now: parts.now(),
    })
    if (walked.due.length === 0 && !walked.isMore) return keepWalked(parts, leased)
    for (const set of walked.due) {
      if (!(await deliver(parts, leased, set))) return
      if (parts.now().getTime() > untilMs) return giveWay(parts, id)
    }
    await keepTaken(parts, leased.id, [])
  }
}

const giveWay = async (parts: PushParts, id: string): Promise<void> => {
  await write(parts, id, async (stream) => ({ ...stream, retryAt: parts.now().getTime() }))
  await parts.database.write((tx: AnyTx) => freeStream(tx, id, parts.holder))
}

const lease = ({ database, holder, now }: PushParts, id: string): Promise<Stream | undefined> => {
  const at = now()
  const until = new Date(at.getTime() + LEASE_MS)
  return database.write((tx: AnyTx) => leaseStream(tx, id, { holder, now: at, until }))
}

/** Why nothing is told to this receiver now: who may not act is not told of others either. */
const whyHeld = async ({ ports, database }: PushParts, { identity }: Stream): Promise<string | undefined> => {
  const receiver = await ports.subjects.find(database.reader, identity)
  if (receiver?.state !== 'active') return `the receiver is ${receiver?.state ?? 'not registered'}`
  return ports.decisions.resourcesServedBy(identity).length === 0 ? 'the receiver serves no resource' : undefined
}

/** Sends one; false when it was not taken, and this turn is over. */
const deliver = async (parts: PushParts, stream: Stream, set: DueSet): Promise<boolean> => {
  const leased = await lease(parts, stream.id)
  if (leased === undefined) return false
  // INVARIANT: it goes where the stream leads now, and nowhere once that was paused.
  if (leased.status !== stream.status || leased.endpoint !== stream.endpoint) return freed(parts, stream.id)
  const sent = await send(parts, leased, set)
  if ('taken' in sent) return keepTaken(parts, stream.id, [set.jti])
  return keepFailed(parts, stream.id, set, sent)
}

type Sent = { readonly taken: true } | { readonly why: string; readonly refused?: string }

const RefusedBody = z.object({ err: z.string().max(200) })

const send = async (parts: PushParts, stream: Stream, set: DueSet): Promise<Sent> => {
  try {
    const { status, value } = await parts.outbound.post(stream.endpoint ?? '', {
      type: 'application/secevent+jwt',
      body: await parts.signSet(set),
      authorization: authorizationOf(stream, parts.ports.sealer),
    })
    // RFC 8935 §2.2: 202; whoever answers with another success has taken it as well.
    if (status >= 200 && status < 300) return { taken: true }
    const read = RefusedBody.safeParse(value)
    // RFC 8935 §2.3: it says of this one event that it cannot take it.
    if (status === 400 && read.success) return { why: 'it refuses an event', refused: read.data.err }
    return { why: `it answers with status ${status}` }
  } catch (error) {
    if (error instanceof OutboundError) return { why: error.message }
    // What is sealed for it and does not open is no reason to keep silent about the stream.
    if (error instanceof WrongKey || error instanceof BrokenSeal)
      return { why: 'its header does not open; set it anew' }
    throw error
  }
}

const freed = async ({ database, holder }: PushParts, id: string): Promise<false> => {
  await database.write((tx: AnyTx) => freeStream(tx, id, holder))
  return false
}

/** INVARIANT: only who holds the lease writes how far a stream is, under the lock of its row. */
const write = async (
  { database, holder, now }: PushParts,
  id: string,
  change: (stream: Stream, tx: AnyTx) => Promise<Stream>,
): Promise<boolean> =>
  database.write(async (tx: AnyTx) => {
    const at = now()
    const until = new Date(at.getTime() + LEASE_MS)
    if ((await leaseStream(tx, id, { holder, now: at, until })) === undefined) return false
    const held = await holdStream(tx, id)
    if (held === undefined) return false
    await updateStream(tx, await change(held, tx))
    return true
  })

const keepTaken = (parts: PushParts, id: string, jtis: readonly string[]): Promise<boolean> =>
  write(parts, id, async (stream, tx) => {
    const heardAt = jtis.length === 0 ? stream.heardAt : parts.now().getTime()
    const taken = { ...takeSets(stream, jtis, await feedHead(tx)), heardAt, failures: 0, lastError: null, retryAt: 0 }
    return (await walkStream(tx, parts.ports, taken, { limit: 0, now: parts.now() })).stream
  })

const keepFailed = async (
  parts: PushParts,
  id: string,
  set: DueSet,
  { why, refused }: { readonly why: string; readonly refused?: string },
): Promise<false> => {
  await write(parts, id, async (stream, tx) => {
    const now = parts.now()
    const failures = stream.failures + 1
    const isGivenUp = refused !== undefined && failures >= REFUSALS_MAX
    const waitMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(failures - 1, 20))
    const retryAt = now.getTime() + waitMs
    const failed = { ...stream, failures, lastError: why, retryAt }
    if (failures === FAILURES_FOUND) await parts.ports.findings.report(tx, [undeliveredFinding(failed, why)], now)
    if (!isGivenUp) return failed
    // Nothing that comes after may wait for ever behind one that is never taken.
    await parts.ports.findings.report(tx, [refusedFinding(stream, refused)], now)
    return { ...takeSets(stream, [set.jti], await feedHead(tx)), failures: 0, lastError: why, retryAt: 0 }
  })
  return freed(parts, id)
}

const keepHeld = async (parts: PushParts, { id }: Stream, why: string): Promise<void> => {
  await write(parts, id, async (stream) => ({ ...stream, lastError: why, retryAt: parts.now().getTime() + HELD_MS }))
  await parts.database.write((tx: AnyTx) => freeStream(tx, id, parts.holder))
}

/** All that there was is told: the position moves over what was none of the receiver's. */
const keepWalked = async (parts: PushParts, { id }: Stream): Promise<void> => {
  await write(parts, id, async (stream, tx) => {
    const walked = await walkStream(tx, parts.ports, stream, { limit: 0, now: parts.now() })
    return walked.stream
  })
  await parts.database.write((tx: AnyTx) => freeStream(tx, id, parts.holder))
}
