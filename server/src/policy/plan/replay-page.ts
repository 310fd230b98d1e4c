import type { AnyDb } from '../../kit/database.ts'
import type { RecordedRequest } from '../decide/recorded-request.ts'
import { readDecisions, turn, type Unread } from '../read-decisions.ts'
import type { RecordedEvent } from '../recorded-decision.ts'
import type { PolicyPorts, RecordedPage } from '../room.ts'
import { type Judged, judgeBoth } from './judge-both.ts'
import type { PlanWork } from './plan-work.ts'
import { isAnswered } from './planned-things.ts'

/** Why a recorded decision could not be replayed. */
export type Unreplayed = Unread | 'resourceGone' | 'unknownThen'

/** A recorded decision that the plan would turn. */
export interface Flip extends Judged {
  readonly event: RecordedEvent
  readonly request: RecordedRequest
}

/** What a page of recorded decisions came to. */
export interface Replayed {
  readonly decisions: number
  /** The events of the log that they stand in. */
  readonly entries: number
  /** Decided again; the others cannot be touched by the plan. */
  readonly decided: number
  readonly flips: readonly Flip[]
  readonly unreplayed: Readonly<Record<Unreplayed, number>>
  /** Refusals that were only reported: when, and of what. */
  readonly reported: readonly { readonly at: string; readonly of: readonly string[] }[]
  readonly last: number | undefined
}

/** Replays a page of the recorded decisions, in turns, so that nobody else waits for it. */
export const replayPage = async (
  ports: PolicyPorts,
  db: AnyDb,
  work: PlanWork,
  page: RecordedPage,
): Promise<Replayed> => {
  const read = await readDecisions(ports, db, page)
  const unreplayed = { ...read.unread, resourceGone: 0, unknownThen: 0 }
  const flips: Flip[] = []
  let decided = 0
  for (const [at, { request, events }] of read.decided.entries()) {
    await turn(at)
    const reason = unreplayedFor(work, request)
    if (reason !== undefined) unreplayed[reason] += events.length
    else {
      const judged = judgedEach(work, request, events)
      decided += judged.length
      flips.push(...judged.filter(isFlipped))
    }
  }
  const reported = read.events.flatMap((event) =>
    event.decision.enforced ? [] : [{ at: event.at, of: reportedOf(event) }],
  )
  const { decisions, entries, last } = read
  return { decisions, entries, decided, flips, unreplayed, reported, last }
}

/** Whether the plan answers otherwise: another outcome, or other actions. */
const isFlipped = ({ live, planned }: Judged): boolean =>
  live.isAllowed !== planned.isAllowed ||
  live.outcome !== planned.outcome ||
  live.actions.join('\n') !== planned.actions.join('\n')

// Of what was not known when it was asked about, nothing was recorded that could be decided on; and a request for what
// nobody answers for any more, and would not, is decided by nobody.
const unreplayedFor = ({ sides }: PlanWork, request: RecordedRequest): Unreplayed | undefined => {
  if (request.of === 'call') return undefined
  if (!request.entities.some(({ uid }) => uid.id === request.resource.id)) return 'unknownThen'
  return [sides.live, sides.planned].some((side) => isAnswered(side, request)) ? undefined : 'resourceGone'
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
