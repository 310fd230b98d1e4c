import type { AnyTx } from '../../src/kit/database.ts'
import type { Applied, Appliers, ApplyGiven } from '../../src/policy/room.ts'
import type { FakeIdentities } from './policy-identities.ts'

const saidOf = (object: ReadonlyMap<string, unknown>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ['boundary', 'blastRadius'].flatMap((field) => (object.has(field) ? [[field, String(object.get(field))]] : [])),
  )

/** Appliers that put declared identities into the fake register; what was declared before and is the same is unchanged. */
export const fakeAppliers = (identities: FakeIdentities): Appliers => {
  const declaredBefore = new Map<string, string>()
  const apply = async (
    tx: AnyTx,
    type: 'team' | 'identity',
    declared: unknown,
    given: ApplyGiven,
  ): Promise<Applied> => {
    const object = new Map<string, unknown>(Object.entries(declared ?? {}))
    // As inventory does: what its tier wants approved waits, unless the directory came with an approval.
    if (object.get('tier') === 'medium' && given.approval !== undefined)
      given.need({ need: 'one', teams: [null], why: ['it is of medium tier'] })
    const name = String(object.get('name'))
    const id = type === 'team' ? `team_${name}` : `nhi_${name}`
    const isThere = type === 'identity' && (await identities.find(tx, id)) !== undefined
    const team = String(object.get('owner'))
    if (type === 'identity')
      identities.put({ id, name, owner: { id: `team_${team}`, name: team, isActive: true }, ...saidOf(object) })
    const text = JSON.stringify(declared)
    const before = declaredBefore.get(id)
    declaredBefore.set(id, text)
    const verb = before === undefined ? (isThere ? 'changed' : 'created') : before === text ? 'unchanged' : 'changed'
    return { id, name, verb, fields: [], signals: [] }
  }
  return {
    misshapen: (_type, declared) =>
      typeof Object(declared).name === 'string' ? [] : [{ pointer: '/name', detail: 'must be there' }],
    team: (tx, declared, given) => apply(tx, 'team', declared, given),
    identity: (tx, declared, given) => apply(tx, 'identity', declared, given),
    retire: async (tx, id) => {
      const identity = await identities.find(tx, id)
      if (identity === undefined || identity.state === 'retired') return undefined
      identities.put({ ...identity, state: 'retired' })
      return [{ topic: 'identity', key: id }]
    },
  }
}
