import type { Identities, PolicyIdentity } from '../../src/policy/room.ts'

/** Identities in a map, as the policy room asks for them; says which were regraded. */
export interface FakeIdentities extends Identities {
  put(identity: Partial<PolicyIdentity> & { readonly id: string }): PolicyIdentity
  readonly regraded: string[]
}

/** An empty register; what a test does not say of an identity is ordinary. */
export const fakeIdentities = (): FakeIdentities => {
  const kept = new Map<string, PolicyIdentity>()
  const regraded: string[] = []
  return {
    regraded,
    put: (identity) => {
      const whole: PolicyIdentity = { ...ORDINARY, name: identity.id.replace(/^nhi_/, ''), ...identity }
      kept.set(whole.id, whole)
      return whole
    },
    find: async (_db, idOrName) =>
      kept.get(idOrName) ?? [...kept.values()].find((identity) => identity.name === idOrName),
    findTeam: async (_db, idOrName) =>
      [...kept.values()].map(({ owner }) => owner).find(({ id, name }) => id === idOrName || name === idOrName),
    regrade: async (_tx, identityId) => {
      regraded.push(identityId)
      return [{ topic: 'identity', key: identityId }]
    },
  }
}

const ORDINARY: Omit<PolicyIdentity, 'id' | 'name'> = {
  kind: 'bot',
  environment: 'production',
  tier: 'low',
  state: 'active',
  owner: { id: 'team_payments', name: 'payments' },
  functions: ['sync'],
  boundary: 'internal',
  blastRadius: 'read-only',
  tags: { application: 'orders' },
}
