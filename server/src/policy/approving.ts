import type { AnyTx } from '../kit/database.ts'
import { neededTogether } from '../needed.ts'
import type { Needed } from '../settings.ts'
import type { PolicyPorts } from './room.ts'

/** Gathers what a call needs approved while it is done, and spends one approval for all of it at its end. */
export interface Approving {
  /** The approval that came with the call. */
  readonly approval: string | undefined
  need(needed: Needed): void
  /** Why it needs one; empty when it needs none. */
  why(): readonly string[]
  /** Spends what came for what is needed, and throws where that is not enough: then nothing of the call happened. */
  settle(): Promise<string | undefined>
}

/** What a call is to those who approve it. */
export interface ApprovingGiven {
  readonly approval: string | undefined
  readonly operation: string
  readonly input: unknown
  readonly requester: string | null
  readonly now: Date
  /** Whether it is only shown what would be needed. */
  readonly isDryRun: boolean
}

/** Begins to gather for one call. */
export const createApproving = (tx: AnyTx, ports: Pick<PolicyPorts, 'approvals'>, given: ApprovingGiven): Approving => {
  const { isDryRun, ...call } = given
  const gathered: Needed[] = []
  return {
    approval: given.approval,
    need: (needed) => void gathered.push(needed),
    why: () => neededTogether(gathered)?.why ?? [],
    settle: async () => {
      const needed = neededTogether(gathered)
      if (needed === undefined || isDryRun) return undefined
      return (await ports.approvals.spend(tx, { ...call, needed })).id
    },
  }
}
