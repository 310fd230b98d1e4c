import { createHash } from 'node:crypto'
import { canonicalize } from '@reeve/sdk/ledger'
import type { Need, Needed } from '../../settings.ts'
import { isDeciding, type Role } from './role.ts'

/** Every need. */
export const NEEDS = ['approver-or-admin', 'one', 'security-and-owner'] as const satisfies readonly Need[]

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

/** Whether somebody with these roles has a say in what takes the word of these teams (null: of no team). */
export const hasSay = (roles: readonly Role[], { need, teams }: Omit<Needed, 'why'>): boolean =>
  need === 'approver-or-admin'
    ? [null, ...teams].some((team) => isDecidingFor(roles, team))
    : isSecurity(roles) || teams.some((team) => isApproverOf(roles, team) || isOwnerOf(roles, team))

/**
 * Whether the votes are enough. The requester's own never counts, nor does one person stand for security and for an
 * owner. Of one approver, one of security is enough for whatever it concerns, and else an approver of every team.
 */
export const isEnough = (given: {
  readonly needed: Omit<Needed, 'why'>
  readonly votes: readonly Vote[]
  readonly requester: string
}): boolean => {
  const { needed, requester } = given
  // What nobody is named for is nobody's: a security approver stands for it.
  const teams = needed.teams.length === 0 ? [null] : needed.teams
  const votes = given.votes.filter(({ person, verdict }) => verdict === 'approve' && person !== requester)
  if (needed.need === 'approver-or-admin')
    return (
      votes.some(({ roles }) => isDecidingFor(roles, null)) ||
      teams.every((team) => votes.some(({ roles }) => isDecidingFor(roles, team)))
    )
  if (needed.need === 'one')
    return (
      votes.some(({ roles }) => isSecurity(roles)) ||
      teams.every((team) => votes.some(({ roles }) => isApproverOf(roles, team)))
    )
  return votes.some(
    (security) =>
      isSecurity(security.roles) &&
      teams.every((team) =>
        votes.some((owner) => owner.person !== security.person && standsForOwner(owner.roles, team)),
      ),
  )
}

/**
 * What is needed now and was not when the approval was asked for, if anything: more people, another team's word, or a
 * reason that those who approved were not told.
 */
export const outgrownBy = (asked: Needed, now: Needed): string | undefined => {
  if (now.need === 'security-and-owner' && asked.need === 'one') return 'it takes a security approver and the owner now'
  // A security approver had a say in it, whose word stands for every team where one approver is enough.
  const isOfSecurity = asked.need === 'security-and-owner' || asked.teams.includes(null)
  const isEveryTeam = now.need === 'one' && isOfSecurity
  const other = now.teams.find((team) => !asked.teams.includes(team))
  if (other !== undefined && !isEveryTeam) return `it takes the word of ${other ?? 'another security approver'} now`
  const reason = now.why.find((why) => !asked.why.includes(why))
  return reason === undefined ? undefined : `now also because ${reason}`
}

const standsForOwner = (roles: readonly Role[], team: string | null): boolean =>
  team === null ? isSecurity(roles) : isApproverOf(roles, team) || isOwnerOf(roles, team)

const isDecidingFor = (roles: readonly Role[], of: string | null): boolean =>
  roles.some((held) => isDeciding(held) && held.team === of)

const isSecurity = (roles: readonly Role[]): boolean =>
  roles.some(({ role, team }) => role === 'approver' && team === null)

const isApproverOf = (roles: readonly Role[], of: string | null): boolean =>
  of !== null && roles.some(({ role, team }) => role === 'approver' && team === of)

const isOwnerOf = (roles: readonly Role[], of: string | null): boolean =>
  of !== null && roles.some(({ role, team }) => role === 'owner' && (team === of || team === null))

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
