import { DEPLOYMENT } from '../kit/operation.ts'
import type { EventDraft } from '../ledger/event.ts'
import { ownAct } from '../ledger/own-act.ts'
import type { KnownIdentity } from './room.ts'
import type { Moved } from './store-finding.ts'

/** The event of a finding that this server moved by itself. */
export const findingEvent = (
  finding: Moved,
  identity: KnownIdentity | undefined,
  move: {
    readonly verb: 'open' | 'change' | 'close' | 'reopen'
    readonly field?: 'state' | 'severity'
    readonly before: string | null
    readonly after: string
    readonly because: string
  },
  requestId: string,
): EventDraft =>
  ownAct(
    {
      kind: `observe.finding.${move.verb}`,
      on:
        finding.identity === null
          ? DEPLOYMENT
          : {
              type: 'Identity',
              id: finding.identity,
              name: identity?.name ?? null,
              environment: identity?.environment ?? null,
              team: finding.team,
            },
      change: [{ field: move.field ?? 'state', before: move.before, after: move.after }],
      evidence: { finding: finding.id, rule: finding.rule, because: move.because },
    },
    requestId,
  )
