import type { EventDraft } from '../ledger/event.ts'
import type { Caller } from './operation.ts'

/** What an event says of who called, by what, from where and in which request. */
export const askedBy = (
  caller: Caller,
): Pick<EventDraft, 'actor' | 'instance' | 'credential' | 'token' | 'workflow' | 'source' | 'correlation'> => ({
  actor: caller.actor,
  instance: caller.instance,
  credential: caller.credential,
  token: caller.token,
  workflow: caller.workflow,
  source: caller.source,
  correlation: { requestId: caller.requestId, traceparent: caller.traceparent, cause: null },
})
