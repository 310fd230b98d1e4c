import type { CedarRecord, Entity, EntityUid } from '@reeve/cedar'
import type { Resource } from '../domain/resource.ts'
import { EXCEPTED_UNTIL } from '../engine/index.ts'
import type { PolicyIdentity } from '../room.ts'

/** An entity's name in our namespace. */
export const uid = (type: string, id: string): EntityUid => ({ type: `Reeve::${type}`, id })

/** The action of a resource: the namespace of the resource is that of its actions. */
export const actionUid = (resource: EntityUid, id: string): EntityUid => ({
  type: `${resource.type.split('::')[0]}::Action`,
  id,
})

/** The whole deployment, which everything is in. */
export const DEPLOYMENT_UID: EntityUid = uid('Deployment', 'reeve')

/** The same as an entity. */
export const DEPLOYMENT_ENTITY: Entity = { uid: DEPLOYMENT_UID, attrs: { name: 'reeve' }, parents: [] }

/** A team; it is in a group that has its name, so that policies may say `in Reeve::Team::"payments"`. */
export const teamEntity = (team: { readonly id: string; readonly name: string | null }): Entity => ({
  uid: uid('Team', team.id),
  attrs: { ...(team.name === null ? {} : { name: team.name }), owner: { __entity: uid('Team', team.id) } },
  parents: [DEPLOYMENT_UID, ...named('Team', 'team_', team.name)],
})

/** An identity with its owner: built once, when it is loaded. */
export const identityEntities = (identity: PolicyIdentity, mayReadAndWriteUntil?: Date): Entity[] => {
  const owner = uid('Team', identity.owner.id)
  const entity: Entity = {
    uid: uid('Identity', identity.id),
    attrs: {
      name: identity.name,
      kind: identity.kind,
      environment: identity.environment,
      tier: identity.tier,
      state: identity.state,
      functions: [...identity.functions],
      boundary: identity.boundary,
      blastRadius: identity.blastRadius,
      ...(mayReadAndWriteUntil === undefined ? {} : { [EXCEPTED_UNTIL]: datetime(mayReadAndWriteUntil) }),
      // INVARIANT: without this attribute the guardrail `reeve:no-owner-no-production` holds.
      ...(identity.owner.isActive ? { owner: { __entity: owner } } : {}),
    },
    parents: [owner, DEPLOYMENT_UID],
    tags: { ...identity.tags },
  }
  return [entity, teamEntity(identity.owner)]
}

const datetime = (at: Date) => ({ __extn: { fn: 'datetime', arg: at.toISOString() } })

/** A resource; it is in a group that has its name, so that policies may say `in Reeve::Resource::"orders-api"`. */
export const resourceEntity = (resource: Resource): Entity => {
  const owner = resource.owner === null ? undefined : uid('Team', resource.owner)
  const attrs: CedarRecord = {
    name: resource.name,
    uri: resource.uri,
    environment: resource.environment,
    sensitivity: resource.sensitivity,
    ...(owner === undefined ? {} : { owner: { __entity: owner } }),
  }
  const parents = [DEPLOYMENT_UID, ...named('Resource', 'res_', resource.name), ...(owner === undefined ? [] : [owner])]
  return { uid: uid('Resource', resource.id), attrs, parents }
}

// A name that looks like an id would put its bearer into the group of somebody else's id.
const named = (type: string, idPrefix: string, name: string | null): EntityUid[] =>
  name === null || name.startsWith(idPrefix) ? [] : [uid(type, name)]
