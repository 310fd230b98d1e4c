import type { Transaction } from 'kysely'
import { Fault } from '../kit/fault.ts'
import { approvalDigest, isEnough, type Need } from './domain/approval.ts'
import { fault, lifecycleFaults } from './faults.ts'
import type { LifecycleTables } from './schema.ts'
import { standingVotes } from './standing-votes.ts'
import { type Approval, findApproval, spendRow } from './store-approval.ts'

/** What an approval is spent on. */
export interface Spend {
  readonly approval: string | undefined
  readonly operation: string
  /** The parsed input; its own `approval` does not count. */
  readonly input: unknown
  /** Who makes the call: the one who requested the approval. */
  readonly requester: string | null
  /** The team that owns what this is about; null when no one team does. */
  readonly team: string | null
  /** Who must have approved; what the request was made for, when left out. */
  readonly need?: Need
  readonly now: Date
}

/**
 * Spends an approval, once, in the transaction of what it approves. Throws approval_required, approval_expired,
 * approval_mismatch or approval_used.
 */
export const spendApproval = async (
  tx: Transaction<LifecycleTables>,
  spend: Spend,
): Promise<{ readonly id: string }> => {
  if (spend.approval === undefined) throw required(spend)
  const found = await findApproval(tx, spend.approval)
  if (found === undefined) throw required(spend, 'there is no such approval')
  const digest = approvalDigest(spend.operation, spend.input)
  const requester = spend.requester ?? ''
  await assertFits(tx, found, { ...spend, digest })
  const isSpent = await spendRow(tx, { id: found.id, digest, requester, now: spend.now })
  // Everything else was seen to fit above, so somebody used it in between.
  if (!isSpent) throw fault('approval_used')
  return { id: found.id }
}

const assertFits = async (
  tx: Transaction<LifecycleTables>,
  found: Approval,
  spend: Spend & { digest: string },
): Promise<void> => {
  if (found.digest !== spend.digest || found.requester !== spend.requester) throw fault('approval_mismatch')
  if (found.state === 'used') throw fault('approval_used')
  if (found.expiresAt <= spend.now) throw fault('approval_expired')
  if (found.state === 'refused') throw required(spend, `${found.id} was refused`)
  if (found.state === 'requested') throw required(spend, `${found.id} is not approved yet`)
  const team = spend.team ?? found.team
  const need = strongerOf(found.need, spend.need)
  const votes = await standingVotes(tx, { ...found, need, team })
  // The owner is judged again by what the caller knows of it: who requests could name a team of their own.
  if (!isEnough({ need, votes, team, requester: found.requester }))
    throw fault('approval_mismatch', { about: 'it was not approved by those who must approve this' })
}

const strongerOf = (a: Need, b: Need | undefined): Need => (b === 'security-and-owner' ? b : a)

/** The fault whose next step names the operation; its input stays out, because it may hold what is secret. */
const required = (spend: Spend, about?: string): Fault => {
  const spec = lifecycleFaults.approval_required
  const fix = `run \`reeve request ${spend.operation} --input FILE --reason TEXT\` with this call's input in FILE, have it approved with \`reeve approve ID\`, then repeat the call with that id as \`approval\``
  return new Fault('approval_required', { ...spec, fix }, about === undefined ? {} : { about })
}
