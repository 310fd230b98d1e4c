import type { EventDraft } from '../src/ledger/event.ts'

/** An event of this kind that says nothing else, but for what is given. */
export const draft = (kind: string, over: Partial<EventDraft> = {}): EventDraft => ({
  kind,
  outcome: 'done',
  code: null,
  actor: { principalType: 'automation', id: 'reeve', name: 'reeve' },
  instance: null,
  credential: null,
  token: null,
  workflow: null,
  on: null,
  change: [],
  decision: null,
  approval: null,
  evidence: {},
  tags: {},
  source: { ip: null, region: null, userAgent: null },
  correlation: { requestId: 'req_hot', traceparent: null, cause: null },
  ...over,
})
