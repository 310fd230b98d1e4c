import type { AnyTx } from '../kit/database.ts'
import type { Needed } from '../settings.ts'
import { type Spend, spendApproval } from './spend-approval.ts'

/** The one way to spend an approval, and the one way to learn what a call would need. */
export interface Approvals {
  spend(tx: AnyTx, spend: Spend): Promise<{ readonly id: string }>
  /** What the call that `work` tries out asks to spend under this id: nothing is spent, and what it needs is told. */
  rehearse(id: string, work: () => Promise<void>): Promise<readonly Needed[]>
}

/**
 * What is asked of approvers is what the operation itself asks for when it is run: it is tried out with an id that
 * nobody knows yet, and where it would spend, its need is noted.
 */
export const createApprovals = (): Approvals => {
  const rehearsed = new Map<string, Needed[]>()
  return {
    spend: async (tx, spend) => {
      const noted = rehearsed.get(spend.approval ?? '')
      if (spend.approval === undefined || noted === undefined) return spendApproval(tx, spend)
      noted.push(spend.needed)
      return { id: spend.approval }
    },
    rehearse: async (id, work) => {
      const noted: Needed[] = []
      rehearsed.set(id, noted)
      try {
        await work()
        return noted
      } finally {
        rehearsed.delete(id)
      }
    },
  }
}
