import { createHash } from 'node:crypto'
import {
  BLAST_RADII,
  BOUNDARIES,
  FUNCTIONS,
  type Identity,
  KINDS,
  type Team,
} from '../../../server/src/inventory/domain/identity.ts'
import { effectiveBlastRadius, NO_RIGHTS, tierOf } from '../../../server/src/inventory/domain/tier.ts'

/** The moment at which the register is looked at. */
export const NOW = new Date('2026-11-22T12:00:00Z')

const DAY_MS = 86_400_000
const TEAMS = 400
const SYSTEMS = [
  'orders',
  'billing',
  'search',
  'warehouse',
  'payments',
  'catalog',
  'support',
  'identity',
  'fraud',
  'ledger',
]
const VERBS = ['sync', 'export', 'deploy', 'notify', 'scan', 'report', 'backup', 'rotate', 'enrich', 'cleanup']
const PURPOSES = [
  'copies changed rows to the warehouse every hour',
  'builds and deploys the service from its main branch',
  'answers customers with retrieved documents',
  'rotates certificates before they expire',
  'sends a weekly usage summary to account owners',
]

/** What of an identity is told apart by the questions; derived from its place alone, so that every run is the same. */
export interface Register {
  readonly names: readonly string[]
  readonly teams: readonly Team[]
  identityAt(index: number): Identity
}

/** A register of so many identities, in the order of their names. */
export const createRegister = (count: number): Register => {
  const names = Array.from({ length: count }, (_, i) => nameOf(i)).sort()
  const teams = Array.from({ length: TEAMS }, (_, i) => teamAt(i))
  return { names, teams, identityAt: (index) => identityOf(names[index] ?? '', index, teams) }
}

const pick = <T>(from: readonly T[], at: number): T => {
  const one = from[at % from.length]
  if (one === undefined) throw new RangeError('nothing to pick from')
  return one
}

const nameOf = (i: number): string => {
  const mixed = mix(i)
  return `${pick(SYSTEMS, mixed)}-${pick(VERBS, mixed >>> 8)}-${i.toString(36).padStart(5, '0')}`
}

/** Spreads a number over 31 bits (the finalizer of MurmurHash3). */
const mix = (i: number): number => {
  let h = (i + 0x9e3779b9) | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return ((h ^ (h >>> 16)) >>> 0) & 0x7fffffff
}

const idOf = (prefix: string, text: string): string =>
  `${prefix}_${createHash('md5').update(text).digest('base64url').slice(0, 22)}`

const teamAt = (i: number): Team => ({
  id: idOf('team', `team ${i}`),
  name: `team-${String(i).padStart(3, '0')}`,
  technicalContact: `on-call-${i}@example.com`,
  businessContact: `head-${i}@example.com`,
  businessUnit: `unit-${i % 12}`,
  state: 'active',
  stateReason: null,
  stateBy: null,
  createdBy: 'per_bench',
  createdAt: NOW,
})

const identityOf = (name: string, index: number, teams: readonly Team[]): Identity => {
  const a = mix(index * 4 + 1)
  const b = mix(index * 4 + 2)
  const c = mix(index * 4 + 3)
  const system = name.slice(0, name.indexOf('-'))
  const kind = pick(KINDS, a % 16 === 0 ? 6 : a % 6)
  // A tenth of everything belongs to one team, as it does where a platform team owns what nobody else claims.
  const team = pick(teams, a % 10 === 0 ? 0 : b)
  const environment = pick(['production', 'production', 'staging', 'dev', 'test'], b >>> 4)
  const classification = {
    functions: [pick(FUNCTIONS, c)],
    boundary: pick(BOUNDARIES, c % 20 < 14 ? 0 : c >>> 5),
    blastRadius: pick(BLAST_RADII, c % 100 < 70 ? 0 : c % 100 < 97 ? 1 : 2),
  }
  const graded = { kind, environment, classification, rights: NO_RIGHTS }
  const state = a % 1000 === 7 ? 'quarantined' : a % 50 === 3 ? 'retired' : 'active'
  const isUsed = c % 9 > 0
  return {
    ...graded,
    id: idOf('nhi', name),
    name,
    ownerId: team.id,
    parentId: null,
    state,
    stateBefore: state === 'quarantined' ? 'active' : null,
    stateReason: null,
    stateAt: NOW,
    stateBy: null,
    quarantinedWith: null,
    tier: tierOf(graded),
    effectiveBlastRadius: effectiveBlastRadius(classification.blastRadius, NO_RIGHTS),
    createdBy: `per_${b % 300}`,
    createdAt: new Date(NOW.getTime() - (c % 900) * DAY_MS),
    approvedBy: null,
    lastUsedAt: isUsed ? new Date(NOW.getTime() - (b % 200) * DAY_MS - (a % DAY_MS)) : null,
    revision: 1,
    purpose: pick(PURPOSES, c >>> 7),
    lifecycle: 'permanent',
    pipeline: c % 10 === 0 ? `git.example.com/${system}/${b % 40}/deploy.yml#release` : null,
    workflow: { name: `${system}-nightly`, repository: `git.example.com/${system}/${b % 40}` },
    authMethods: ['private_key_jwt'],
    upstream: [],
    downstream: [],
    revocationProcedure: b % 3 === 0 ? 'quarantine it, then page the on-call of the warehouse' : null,
    expires: { at: new Date(NOW.getTime() + (1 + (a % 365)) * DAY_MS), text: '365d' },
    review: { at: new Date(NOW.getTime() + (1 + (b % 90)) * DAY_MS), text: '90d' },
    tags: {
      business_unit: team.businessUnit,
      application: `${system}-${c % 50}`,
      ticket: `OPS-${a % 50_000}`,
      // Devices are in one region, so that asking for one in another finds nothing and must not take long to say so.
      region: kind === 'device' ? 'edge' : pick(['eu', 'us', 'asia'], a >>> 3),
    },
  }
}
