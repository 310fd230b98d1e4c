import type { NumberedEvent } from '../ledger/event.ts'
import { useSentence, usesOf } from '../ledger/shared-event.ts'
import type { Reason } from './room.ts'

/** Why an event ended as it did: who did what, under which decision, and where to look next. */
export const eventReason = (event: NumberedEvent): Reason => {
  const { decision } = event
  return {
    id: event.id,
    summary: eventSentence(event),
    because: [
      ...(decision === null ? [] : [decisionSentence(decision)]),
      ...chainSentence(event),
      ...(event.approval === null ? [] : [`it was approved under ${event.approval}`]),
      ...event.change.map(({ field, before, after }) => `${field}: ${before ?? 'nothing'} → ${after ?? 'nothing'}`),
      ...usesSentence(event),
      `it is entry ${event.seq} of the log, of request ${event.correlation.requestId}`,
    ],
    policies: (decision?.policies ?? []).map((id) => ({ id, text: null, origin: null })),
    missing: decision?.missing ?? [],
    wouldAllow: null,
    next:
      decision?.outcome === 'deny'
        ? `run \`reeve why ${decision.id}\` for the policies and what would allow it`
        : `run \`reeve event show --event ${event.id}\` for the whole entry and its proof`,
  }
}

/** All that one request caused, oldest first, and which of those in a shared event it was. */
export const requestReason = (id: string, events: readonly NumberedEvent[]): Reason => {
  const last = events.at(-1)
  const denied = events.find(({ decision }) => decision?.outcome === 'deny')
  return {
    id,
    summary: last === undefined ? `nothing is recorded of request ${id}` : eventSentence(last),
    because: events.flatMap((event) => [`${event.at} ${event.id}: ${eventSentence(event)}`, ...useSentence(event, id)]),
    policies: (denied?.decision?.policies ?? []).map((policy) => ({ id: policy, text: null, origin: null })),
    missing: denied?.decision?.missing ?? [],
    wouldAllow: null,
    next:
      denied?.decision === undefined || denied.decision === null
        ? `run \`reeve why ${last?.id ?? id}\` for the entry`
        : `run \`reeve why ${denied.decision.id}\` for the policies and what would allow it`,
  }
}

const OUTCOME = {
  done: 'was done',
  'dry-run': 'was only tried (a dry run changes nothing)',
  refused: 'was refused',
  failed: 'failed',
} as const

const eventSentence = ({ actor, kind, on, outcome, code, at }: NumberedEvent): string => {
  const who = actor.name ?? actor.id ?? `somebody ${actor.principalType}`
  const what = on?.name ?? on?.id
  return `${kind}${what === undefined || what === null ? '' : ` on ${what}`} by ${who} ${OUTCOME[outcome]} at ${at}${code === null ? '' : ` with ${code}`}`
}

// A token by exchange (RFC 8693) is explained by who acts in it for whom.
const chainSentence = ({ evidence: { chain, subjectToken, why } }: NumberedEvent): readonly string[] => [
  ...(typeof chain === 'string' ? [`the chain is ${chain}: each acts for the one before it`] : []),
  ...(typeof subjectToken === 'string' ? [`it came of the token ${subjectToken}`] : []),
  ...(typeof chain === 'string' && typeof why === 'string' ? [`the token that was presented was refused: ${why}`] : []),
]

const usesSentence = (event: NumberedEvent): readonly string[] => {
  const uses = usesOf(event)
  const { requestId } = event.correlation
  return uses === 1
    ? []
    : [`it holds ${uses} uses that are alike, the requests ${requestId}.0 to ${requestId}.${uses - 1}`]
}

const decisionSentence = (decision: NonNullable<NumberedEvent['decision']>): string => {
  const verb = decision.outcome === 'allow' ? 'allowed' : decision.enforced ? 'refused' : 'would have refused'
  const policies = decision.policies.length === 0 ? 'no policy that says so' : decision.policies.join(', ')
  return `decision ${decision.id} ${verb} it, by ${policies}, at policy revision ${decision.revision}`
}
