import { createHash } from 'node:crypto'
import { canonicalize } from '@reeve/sdk/ledger'
import type { Role } from './role.ts'

/** Who must approve: one approver, or a security approver and the owning team, neither of them the requester. */
export type Need = 'one' | 'security-and-owner'

/** Every need, weaker first. */
export const NEEDS = ['one', 'security-and-owner'] as const

/** One person's word on a request, with the roles that the person held when giving it. */
export interface Vote {
  readonly person: string
  readonly verdict: 'approve' | 'refuse'
  readonly roles: readonly Role[]
}

/** What is approved, as bytes: the operation and its parsed input without the approval itself. */
export const approvalText = (operation: string, input: unknown): string => {
  // Through JSON, so that what is undefined vanishes and dates are texts, here and where the approval is spent.
  const plain: unknown = JSON.parse(JSON.stringify(input ?? {}))
  const rest = isRecord(plain)
    ? Object.fromEntries(Object.entries(plain).filter(([name]) => name !== 'approval'))
    : plain
  return canonicalize({ operation, input: rest })
}

/** The digest that an approval is bound to. */
export const approvalDigest = (operation: string, input: unknown): string =>
  createHash('sha256').update(approvalText(operation, input)).digest('base64url')

/** Whether somebody with these roles has a say in what this team owns (null: what no one team owns). */
export const hasSay = (roles: readonly Role[], team: string | null): boolean =>
  isSecurity(roles) || isApproverOf(roles, team) || isOwnerOf(roles, team)

/** Whether the votes are enough. The requester's own never counts, nor does one person twice. */
export const isEnough = (given: {
  need: Need
  votes: readonly Vote[]
  team: string | null
  requester: string
}): boolean => {
  const { need, team, requester } = given
  const votes = given.votes.filter(({ person, verdict }) => verdict === 'approve' && person !== requester)
  if (need === 'one') return votes.some(({ roles }) => isSecurity(roles) || isApproverOf(roles, team))
  return votes.some(
    (security) =>
      isSecurity(security.roles) &&
      votes.some((owner) => owner.person !== security.person && standsForOwner(owner.roles, team)),
  )
}

const standsForOwner = (roles: readonly Role[], team: string | null): boolean =>
  team === null ? isSecurity(roles) : isApproverOf(roles, team) || isOwnerOf(roles, team)

const isSecurity = (roles: readonly Role[]): boolean =>
  roles.some(({ role, team }) => role === 'approver' && team === null)

const isApproverOf = (roles: readonly Role[], of: string | null): boolean =>
  of !== null && roles.some(({ role, team }) => role === 'approver' && team === of)

const isOwnerOf = (roles: readonly Role[], of: string | null): boolean =>
  of !== null && roles.some(({ role, team }) => role === 'owner' && (team === of || team === null))

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
