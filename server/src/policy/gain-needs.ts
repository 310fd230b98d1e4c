import { hash } from 'node:crypto'
import { isHigher, neededAt } from '../needed.ts'
import type { Needed } from '../settings.ts'
import type { Bundle, MatrixLine } from './domain/bundle.ts'
import { approvalReason } from './domain/reach.ts'
import type { Resource } from './domain/resource.ts'
import type { PolicyIdentity, Regraded } from './room.ts'

/** What an identity gains, and what that makes of it. */
export interface Gain {
  readonly identity: PolicyIdentity
  /** As it was, and is, while nobody else can change it: what was found before may have been graded or moved meanwhile. */
  readonly regraded: Pick<Regraded, 'on' | 'before' | 'after'>
  readonly lines: readonly MatrixLine[]
  readonly resource: (id: string) => Resource | undefined
  /** The bundle that is granted. */
  readonly bundle?: Bundle
}

/**
 * What a gain needs approved, if it does: a wildcard, what is privileged, a tier that rises, and what another team
 * owns. It takes the approval of the tier that it leads to: the owner of the identity cannot raise it alone, and where
 * one approver is enough, no team opens what is another's.
 */
export const gainNeeds = ({ identity, regraded, lines, resource, bundle }: Gain): Needed | undefined => {
  const { before, after: tier, on } = regraded
  const team = on.team ?? identity.owner.id
  const reached = lines.flatMap((line) => resource(line.resource) ?? [])
  const foreign = reached.filter(({ owner }) => owner !== null && owner !== team)
  const reasons = [
    approvalReason(lines, resource),
    isHigher(tier, before) ? `${identity.name} becomes of ${tier} tier` : undefined,
    foreign[0] === undefined ? undefined : `${foreign[0].name} belongs to another team`,
  ].filter((reason) => reason !== undefined)
  if (reasons.length === 0) return undefined
  const owners = [...new Set(foreign.flatMap(({ owner }) => owner ?? []))]
  const byTier = neededAt(tier, [team], '')
  // Of two, one is a security approver, who stands for the teams that own what is reached.
  const teams = byTier.need === 'one' && owners.length > 0 ? owners : byTier.teams
  return { need: byTier.need, teams, why: bundle === undefined ? reasons : [...reasons, asItIs(bundle)] }
}

// INVARIANT: who approves a bundle by its name approves what it gives now. A bundle that nobody holds is changed without
// asking anybody, so the digest is what refuses a grant of another one under the same name.
const asItIs = ({ id, name, matrix }: Bundle): string => {
  const lines = matrix.map(({ resource, actions }) => JSON.stringify([resource, [...actions].sort()])).sort()
  return `${name} is granted as it is now (${hash('sha256', JSON.stringify([id, lines]), 'base64url').slice(0, DIGEST_CHARS)})`
}

const DIGEST_CHARS = 16
