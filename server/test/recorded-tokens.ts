import type { EventDraft } from '../src/ledger/event.ts'
import { createTokenDecider, type TokenQuestion, type TokenVerdict } from '../src/policy/decide/decide-token.ts'
import type { PolicyMemory } from '../src/policy/index.ts'
import { adminCaller, type Room } from './room.ts'

/** A request for a token, as it was asked and answered. */
export interface RecordedToken {
  readonly question: TokenQuestion
  readonly verdict: TokenVerdict
}

const BATCH = 500

/** Decides requests for tokens and records them as the broker does. */
export const recordTokens = async (
  room: Pick<Room, 'hot' | 'random'>,
  memory: PolicyMemory,
  questions: readonly TokenQuestion[],
): Promise<readonly RecordedToken[]> => {
  const decide = createTokenDecider(memory, room.random)
  const recorded: RecordedToken[] = []
  for (let at = 0; at < questions.length; at += BATCH) {
    const some = questions.slice(at, at + BATCH)
    for (const { subject } of some) await memory.warm(subject.id)
    const judged = some.map((question) => ({ question, verdict: decide(question) }))
    const drafts = judged.map(({ question, verdict }) => draftOf(question, verdict))
    const kept = [...new Map(judged.flatMap((one) => one.verdict.kept.map((each) => [each.digest, each]))).values()]
    await room.hot.run({ judge: async () => ({ drafts, kept, value: true }) })
    recorded.push(...judged)
  }
  return recorded
}

const draftOf = ({ subject, resource }: TokenQuestion, { isAllowed, decision }: TokenVerdict): EventDraft => ({
  kind: 'broker.token.issue',
  outcome: isAllowed ? 'done' : 'refused',
  code: null,
  actor: { principalType: 'nhi', id: subject.id, name: subject.id.replace(/^nhi_/, '') },
  instance: null,
  credential: null,
  token: null,
  workflow: null,
  on: { type: 'Resource', id: resource.id, name: null, environment: null, team: null },
  change: [],
  decision,
  approval: null,
  evidence: {},
  tags: {},
  source: adminCaller.source,
  correlation: { requestId: 'req_1', traceparent: null, cause: null },
})
