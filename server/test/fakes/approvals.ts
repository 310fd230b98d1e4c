import { canonicalize } from '@reeve/sdk/ledger'
import { Fault } from '../../src/kit/fault.ts'
import type { Approvals } from '../../src/policy/room.ts'

/** Approvals that a test gives: each for one input of one operation, once. */
export interface FakeApprovals extends Approvals {
  give(id: string, operation: string, input: unknown): string
  /** Whether every one that was given was used. */
  isEmpty(): boolean
}

/** None until a test gives one. */
export const fakeApprovals = (): FakeApprovals => {
  const given = new Map<string, string>()
  // As lifecycle does: the approval itself is no part of what is approved, and what is undefined is not there.
  const nameOf = (operation: string, input: unknown): string =>
    canonicalize({
      operation,
      input: JSON.parse(JSON.stringify(input, (key, value) => (key === 'approval' ? undefined : value))),
    })
  return {
    give: (id, operation, input) => {
      given.set(id, nameOf(operation, input))
      return id
    },
    isEmpty: () => given.size === 0,
    spend: async (_tx, { approval, operation, input }) => {
      if (approval === undefined || given.get(approval) !== nameOf(operation, input)) throw refused()
      given.delete(approval)
      return { id: approval }
    },
  }
}

const refused = (): Fault =>
  new Fault('approval_missing', { kind: 'denied', message: 'an approval is needed', fix: 'request one' })
