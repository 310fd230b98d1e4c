import type { Actor, EventDraft } from './event.ts'

/** This server itself, where its jobs and its start act: one name in the log, whatever of it acted. */
export const OWN_ACTOR = { principalType: 'automation', id: 'reeve', name: 'reeve' } as const satisfies Actor

/** What an act of this server's own says beyond what they all have in common. */
type OwnAct = Pick<EventDraft, 'kind' | 'on' | 'change' | 'evidence'> & Partial<Pick<EventDraft, 'tags'>>

/**
 * The draft of what this server does without an operation: nobody calls it, so there is no credential, decision or
 * address. `requestId` is what all that one turn did is found by, as of a request.
 */
export const ownAct = ({ kind, on, change, evidence, tags = {} }: OwnAct, requestId: string): EventDraft => ({
  kind,
  outcome: 'done',
  code: null,
  actor: OWN_ACTOR,
  instance: null,
  credential: null,
  token: null,
  workflow: null,
  on,
  change,
  decision: null,
  approval: null,
  evidence,
  tags,
  source: { ip: null, region: null, userAgent: null },
  correlation: { requestId, traceparent: null, cause: null },
})
