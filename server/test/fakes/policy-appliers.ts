import type { Applied, Appliers, ApplyGiven } from '../../src/policy/room.ts'
import type { FakeIdentities } from './policy-identities.ts'

/** Appliers that put declared identities into the fake register; what was declared before and is the same is unchanged. */
export const fakeAppliers = (identities: FakeIdentities): Appliers => {
  const declaredBefore = new Map<string, string>()
  const apply = async (type: 'team' | 'identity', declared: unknown): Promise<Applied> => {
    const object = new Map<string, unknown>(Object.entries(declared ?? {}))
    const name = String(object.get('name'))
    const id = type === 'team' ? `team_${name}` : `nhi_${name}`
    const team = String(object.get('owner'))
    if (type === 'identity') identities.put({ id, name, owner: { id: `team_${team}`, name: team } })
    const text = JSON.stringify(declared)
    const before = declaredBefore.get(id)
    declaredBefore.set(id, text)
    const verb = before === undefined ? 'created' : before === text ? 'unchanged' : 'changed'
    return { id, name, verb, fields: [], signals: [] }
  }
  return {
    team: (_tx, declared, _given: ApplyGiven) => apply('team', declared),
    identity: (_tx, declared, _given: ApplyGiven) => apply('identity', declared),
  }
}
