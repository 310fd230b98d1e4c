import type { Identities, PolicyIdentity } from '../../src/policy/room.ts'

/** Identities in a map, as the policy room asks for them; says which were regraded. */
export interface FakeIdentities extends Identities {
  put(identity: Partial<PolicyIdentity> & { readonly id: string }): PolicyIdentity
  readonly regraded: string[]
  /** Ids of those that a scan saw. */
  readonly seen: Set<string>
  /** The tier that an identity has after it was graded again. */
  becomes(id: string, tier: PolicyIdentity['tier']): void
}

/** An empty register; what a test does not say of an identity is ordinary. */
export const fakeIdentities = (): FakeIdentities => {
  const kept = new Map<string, PolicyIdentity>()
  const regraded: string[] = []
  const seen = new Set<string>()
  const tiers = new Map<string, PolicyIdentity['tier']>()
  const regrade: Identities['regradeGiven'] = async (_tx, identityId) => {
    regraded.push(identityId)
    const before = kept.get(identityId)?.tier ?? 'low'
    const after = tiers.get(identityId) ?? before
    const on = { type: 'Identity', id: identityId, name: identityId, environment: null, team: null } as const
    const change = before === after ? [] : [{ field: 'tier', before, after }]
    return { on, before, after, change, refused: [], signals: [{ topic: 'identity', key: identityId }] }
  }
  return {
    regraded,
    seen,
    seenByScans: async (_db, ids) => ids.filter((id) => seen.has(id)),
    becomes: (id, tier) => void tiers.set(id, tier),
    put: (identity) => {
      const whole = identityOf(identity)
      kept.set(whole.id, whole)
      return whole
    },
    find: async (_db, idOrName) =>
      kept.get(idOrName) ?? [...kept.values()].find((identity) => identity.name === idOrName),
    idsAfter: async (_db, after, limit) =>
      [...kept.keys()]
        .sort()
        .filter((id) => id > (after ?? ''))
        .slice(0, limit),
    findTeam: async (_db, idOrName) =>
      [...kept.values()].map(({ owner }) => owner).find(({ id, name }) => id === idOrName || name === idOrName),
    regradeGiven: regrade,
    regradeFound: regrade,
    list: async (_db, afterId, limit) =>
      [...kept.values()]
        .filter(({ id, state }) => id > afterId && state !== 'retired')
        .sort((one, other) => (one.id < other.id ? -1 : 1))
        .slice(0, limit),
  }
}

/** An identity as the policy room knows it; what a test does not say of it is ordinary. */
export const identityOf = (given: Partial<PolicyIdentity> & { readonly id: string }): PolicyIdentity => ({
  ...ORDINARY,
  name: given.id.replace(/^nhi_/, ''),
  ...given,
})

const ORDINARY: Omit<PolicyIdentity, 'id' | 'name'> = {
  kind: 'bot',
  environment: 'production',
  tier: 'low',
  state: 'active',
  owner: { id: 'team_payments', name: 'payments', isActive: true },
  parent: null,
  functions: ['sync'],
  boundary: 'internal',
  blastRadius: 'read-only',
  workflow: null,
  pipeline: null,
  tags: { application: 'orders' },
}
