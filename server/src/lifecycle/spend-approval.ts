import type { Transaction } from 'kysely'
import { Fault } from '../kit/fault.ts'
import type { Needed } from '../settings.ts'
import { approvalDigest, isEnough, outgrownBy } from './domain/approval.ts'
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
  /** What the operation found that this needs, by the same computation as when it was asked for. */
  readonly needed: Needed
  readonly now: Date
}

/**
 * Spends an approval, once, in the transaction of what it approves. Throws approval_required, approval_expired,
 * approval_mismatch, approval_outgrown or approval_used.
 */
export const spendApproval = async (
  tx: Transaction<LifecycleTables>,
  spend: Spend,
): Promise<{ readonly id: string }> => {
  if (spend.approval === undefined) throw required(spend, spend.needed.why.join('; '))
  const found = await findApproval(tx, spend.approval)
  // Another's approval is nothing that the caller need know of.
  if (found === undefined || found.requester !== spend.requester) throw required(spend, 'there is no such approval')
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
  if (found.digest !== spend.digest) throw fault('approval_mismatch')
  if (found.state === 'used') throw fault('approval_used')
  if (found.expiresAt <= spend.now) throw fault('approval_expired')
  if (found.state === 'refused') throw required(spend, `${found.id} was refused`)
  if (found.state === 'requested') throw required(spend, `${found.id} is not approved yet`)
  // What it concerns may have changed since: those who approved must have been told all that it needs now.
  const more = outgrownBy(found.needed, spend.needed)
  if (more !== undefined) throw fault('approval_outgrown', { about: more })
  const votes = await standingVotes(tx, found)
  // Who approved may have left or lost the role since.
  if (!isEnough({ needed: found.needed, votes, requester: found.requester }))
    throw fault('approval_mismatch', { about: 'it was not approved by those who must approve this' })
}

/** The fault whose next step names the operation; its input stays out, because it may hold what is secret. */
const required = (spend: Spend, about: string): Fault => {
  const spec = lifecycleFaults.approval_required
  const fix = `run \`reeve request ${spend.operation} --body FILE --reason TEXT\` with this call's input in FILE, have it approved with \`reeve approve ID\`, then repeat the call with that id as \`approval\``
  return new Fault('approval_required', { ...spec, fix }, about === '' ? {} : { about })
}
