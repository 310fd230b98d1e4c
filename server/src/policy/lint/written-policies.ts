import { buildScopeIndex, type Entity, type PolicyEst, possibilityOf } from '@reeve/cedar'
import { WILDCARD } from '../domain/reach.ts'
import { readSource } from '../engine/index.ts'
import { isGuardrail, modeKey, sourcesOf } from '../memory/base.ts'
import { identityEntities, uid } from '../memory/entities.ts'
import type { Side } from '../plan/grounds.ts'
import { actionEntities, registerWorld } from '../plan/register-world.ts'
import type { PolicyIdentity } from '../room.ts'

/** The policies that somebody wrote and that are enforced, asked about what is known of an identity and a resource. */
export interface WrittenPolicies {
  /** One that permits, or forbids, this action whatever the request comes with; `*` is every action there may ever be. */
  always(effect: PolicyEst['effect'], identity: PolicyIdentity, on: OnResource): string | undefined
}

/** An action of a resource. */
export interface OnResource {
  readonly resource: string
  readonly action: string
}

/** Reads the policies of a side once. */
export const writtenPolicies = (side: Side, now: Date): WrittenPolicies => {
  const base = side.base()
  const actions = actionEntities(base.stored.resources)
  const written = sourcesOf(base.stored.texts).sources.flatMap((source) => {
    const est = readSource(source.text)
    const until = base.reportOnly.get(modeKey('policy', source.id)) ?? 0
    const isOnTrial = !isGuardrail(source) && until > now.getTime()
    return est === undefined || isOnTrial ? [] : [{ id: source.id, est }]
  })
  const index = buildScopeIndex(written)
  const entitiesOf = remembered((identity: PolicyIdentity): readonly Entity[] => identityEntities(identity))
  return {
    always: (effect, identity, { resource, action }) => {
      const known = base.entities.get(resource)
      const asked = action === WILDCARD ? TO_COME : [actions.get(action)]
      const found = asked.map((one) => {
        if (known === undefined || one === undefined) return []
        const entities = [...entitiesOf(identity), known, one]
        const named = { principal: uid('Identity', identity.id), action: one.uid, resource: known.uid }
        const world = registerWorld(named, entities)
        return index
          .candidates({ ...named, context: {}, entities })
          .filter(({ est }) => est.effect === effect && possibilityOf(est.conditions, world) === 'always')
      })
      return found[0]?.find((one) => found.every((others) => others.includes(one)))?.id
    },
  }
}

// Whatever a resource may get later: an action of a name that nobody has written yet, in any of the groups.
const TO_COME: readonly Entity[] = ['access:read', 'access:write', 'access:admin'].map((group) => ({
  uid: uid('Action', WILDCARD),
  attrs: {},
  parents: [uid('Action', group)],
}))

const remembered = <Key extends object, Value>(make: (key: Key) => Value): ((key: Key) => Value) => {
  const kept = new WeakMap<Key, Value>()
  return (key) => {
    const before = kept.get(key)
    if (before !== undefined) return before
    const made = make(key)
    kept.set(key, made)
    return made
  }
}
