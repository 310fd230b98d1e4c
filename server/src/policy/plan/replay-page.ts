import type { AnyDb } from '../../kit/database.ts'
import { type RecordedRequest, readKept } from '../decide/recorded-request.ts'
import { type RecordedEvent, readRecorded } from '../recorded-decision.ts'
import type { PolicyPorts, RecordedPage } from '../room.ts'
import { type Judged, judgeBoth } from './judge-both.ts'
import type { PlanWork } from './plan-work.ts'

/** Why a recorded decision could not be replayed. */
export type Unreplayed = 'forgotten' | 'unreadable' | 'resourceGone'

/** A recorded decision that the plan would turn. */
export interface Flip extends Judged {
  readonly event: RecordedEvent
  readonly request: RecordedRequest
}

/** What a page of recorded decisions came to. */
export interface Replayed {
  readonly decisions: number
  /** Decided again; the others cannot be touched by the plan. */
  readonly decided: number
  readonly flips: readonly Flip[]
  readonly unreplayed: Readonly<Record<Unreplayed, number>>
  /** Refusals that were only reported: when, and of what. */
  readonly reported: readonly { readonly at: string; readonly of: readonly string[] }[]
  readonly last: number | undefined
}

const TURN = 64

/** Replays a page of the recorded decisions, in turns, so that nobody else waits for it. */
export const replayPage = async (
  ports: PolicyPorts,
  db: AnyDb,
  work: PlanWork,
  page: RecordedPage,
): Promise<Replayed> => {
  const { events, requests, last } = await ports.decisions.recorded(db, page)
  const unreplayed = { forgotten: 0, unreadable: 0, resourceGone: 0 }
  const groups = new Map<string, RecordedEvent[]>()
  const reported: { at: string; of: readonly string[] }[] = []
  for (const raw of events) {
    const event = readRecorded(raw)
    if (event === undefined) unreplayed.unreadable++
    else note(groups, event.decision.request ?? '', event)
    if (event?.decision.enforced === false) reported.push({ at: event.at, of: reportedOf(event) })
  }
  const flips: Flip[] = []
  let decided = 0
  for (const [at, [digest, group]] of [...groups].entries()) {
    if (at % TURN === TURN - 1) await new Promise<void>((resolve) => setImmediate(resolve))
    const request = requestOf(work, requests.get(digest))
    if (typeof request === 'string') unreplayed[request] += group.length
    else {
      const judged = judgedEach(work, request, group)
      decided += judged.length
      flips.push(...judged.filter(isFlipped))
    }
  }
  return { decisions: events.length, decided, flips, unreplayed, reported, last }
}

/** Whether the plan answers otherwise: another outcome, or other actions. */
const isFlipped = ({ live, planned }: Judged): boolean =>
  live.isAllowed !== planned.isAllowed ||
  live.outcome !== planned.outcome ||
  live.actions.join('\n') !== planned.actions.join('\n')

// A request for a resource that is no longer registered, and would not be, is answered by nobody any more.
const requestOf = ({ sides }: PlanWork, body: string | undefined): RecordedRequest | Unreplayed => {
  if (body === undefined) return 'forgotten'
  const request = readKept(body)
  if (request === undefined) return 'unreadable'
  const isKnown = [sides.live, sides.planned].some((side) => side.base().resource(request.resource.id) !== undefined)
  return request.of === 'call' || isKnown ? request : 'resourceGone'
}

const judgedEach = (work: PlanWork, request: RecordedRequest, group: readonly RecordedEvent[]): readonly Flip[] => {
  const inOrder = [...group].sort((one, other) => (one.at < other.at ? -1 : 1))
  const moments = inOrder.map(({ at }) => new Date(at))
  const judged = judgeBoth(work, request, moments) ?? []
  return inOrder.flatMap((event, at) => {
    const both = judged[at]
    return both === undefined ? [] : [{ ...both, event, request }]
  })
}

const reportedOf = ({ actor, on, decision }: RecordedEvent): readonly string[] => [
  ...(actor.id === null ? [] : [`identity ${actor.id}`]),
  ...(on === null || on.id === null ? [] : [`resource ${on.id}`]),
  ...decision.policies.map((id) => `policy ${id}`),
]

const note = <Value>(map: Map<string, Value[]>, key: string, value: Value): void => {
  const known = map.get(key)
  if (known === undefined) map.set(key, [value])
  else known.push(value)
}
