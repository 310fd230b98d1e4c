import { buildScopeIndex, type Entity, type EntityUid, type PolicyEst, possibilityOf, uidText } from '@reeve/cedar'
import type { AnyTx } from '../kit/database.ts'
import type { Needed } from '../settings.ts'
import { personEntity } from './decide/decide-call.ts'
import type { PolicyText } from './domain/policy-set.ts'
import { namedActions, readSource, uidOf } from './engine/index.ts'
import { policyFault } from './faults.ts'
import { sourcesOf } from './memory/base.ts'
import { DEPLOYMENT_ENTITY, teamEntity, uid } from './memory/entities.ts'
import { type LookedAt, whatOf } from './memory/what-of-resource.ts'
import { accessOf } from './operation-access.ts'
import { registerWorld } from './plan/register-world.ts'
import type { Decider, PolicyPorts } from './room.ts'

/** What somebody must be able to do, or what is wrong can no longer be put right, and by whom it is done. */
const ABILITIES = [
  { said: 'approve', role: 'approver', action: 'lifecycle.approval.approve' },
  { said: 'ask for an approval', role: 'admin', action: 'lifecycle.approval.request' },
  { said: 'change policies', role: 'admin', action: 'policy.set.change' },
  { said: 'log in', role: null, action: 'lifecycle.session.create' },
] as const

const ESSENTIAL: ReadonlySet<string> = new Set(ABILITIES.map(({ action }) => action))

/**
 * What new forbids would take from those who decide. Where none of them could do one of these things any more, whatever
 * a request comes with, the change is refused: nobody would be left to take it back. Where one of them may be kept from
 * it, another approver or admin approves that: it is as much as taking the role.
 */
export const lockOutNeeds = async (
  tx: AnyTx,
  ports: PolicyPorts,
  change: { readonly changed: readonly PolicyText[]; readonly all: readonly PolicyText[] },
): Promise<readonly Needed[]> => {
  const fresh = forbidsOf(change.changed)
  if (fresh.length === 0) return []
  const deciders = await ports.deciders.list(tx)
  const all = forbidsOf(change.all)
  assertNotLockedOut(all, deciders)
  const named = new Set(fresh.filter(namesEssential).map(({ id }) => id))
  const others = fresh.filter(({ id }) => !named.has(id))
  const mayKeep = mayKeepOf(others, deciders, await teamsOf(tx, ports, deciders))
  const found = fresh.filter(({ id }) => named.has(id) || mayKeep.has(id))
  return found.map(({ id }) => ({
    need: 'approver-or-admin',
    teams: [null],
    why: [`${id} may keep somebody who approves or administers from it`],
  }))
}

const assertNotLockedOut = (all: readonly Forbid[], deciders: readonly Decider[]): void => {
  const keeps = keeping(all)
  for (const { said, role, action } of ABILITIES) {
    const those = role === null ? [ANYBODY] : deciders.filter((one) => holdsForAll(one, role)).map(whoIs)
    const stops = (who: Who) => keeps(who, action, DEPLOYMENT_ENTITY, (possibility) => possibility === 'always')
    const [first] = those.slice(0, 1).flatMap(stops)
    if (first !== undefined && those.every((who) => stops(who).length > 0))
      throw policyFault('policy_locks_out', { about: `by ${first.id} nobody could ${said} any more` })
  }
}

/** Which of these may keep one who decides from something, at the deployment or at a team. */
const mayKeepOf = (
  forbids: readonly Forbid[],
  deciders: readonly Decider[],
  teams: readonly Entity[],
): ReadonlySet<string> => {
  const found = new Set<string>()
  const keeps = keeping(forbids)
  const asked = [ANYBODY, ...deciders.map(whoIs)].flatMap((who) =>
    ABILITIES.filter(({ role }) => (role === null) === (who === ANYBODY)).map(({ action }) => ({ who, action })),
  )
  for (const { who, action } of asked)
    for (const on of [DEPLOYMENT_ENTITY, ...teams])
      for (const { id } of keeps(who, action, on, (possibility) => possibility !== 'never')) found.add(id)
  return found
}

interface Forbid {
  readonly id: string
  readonly est: PolicyEst
}

/** Who would do it, as policies see one. */
interface Who {
  readonly uid: EntityUid
  readonly entity: Entity
}

const forbidsOf = (texts: readonly PolicyText[]): readonly Forbid[] => {
  return sourcesOf(texts).sources.flatMap(({ id, text }) => {
    const est = readSource(text)
    return est?.effect === 'forbid' && mayBeEssential(est) ? [{ id, est }] : []
  })
}

// Most forbids are about identities, or about the actions of resources alone.
const mayBeEssential = ({ principal, action }: PolicyEst): boolean => {
  if (principal.op === 'is' && principal.entity_type === 'Reeve::Identity') return false
  return namedActions(action)?.some(({ id }) => ESSENTIAL.has(id) || id.startsWith('access:')) !== false
}

const holdsForAll = ({ roles }: Decider, role: string): boolean =>
  roles.some((held) => held.role === role && held.team === null)

const whoIs = (decider: Decider): Who => {
  const entity = personEntity(decider)
  return { uid: entity.uid, entity }
}

// Nobody is logged in before that.
const ANYBODY: Who = { uid: uid('Anonymous', ''), entity: { uid: uid('Anonymous', ''), attrs: {}, parents: [] } }

const teamsOf = async (tx: AnyTx, ports: PolicyPorts, deciders: readonly Decider[]): Promise<readonly Entity[]> => {
  const ids = new Set(deciders.flatMap(({ roles }) => roles.flatMap(({ team }) => team ?? [])))
  const found = await Promise.all([...ids].map((id) => ports.identities.findTeam(tx, id)))
  return found.flatMap((team) => (team === undefined ? [] : [teamEntity(team)]))
}

type Possibility = ReturnType<typeof possibilityOf>

/**
 * Which forbids keep somebody from something at a team or the deployment: whatever a request comes with, under some
 * contexts, or never. One index serves all who are asked about, and each forbid is judged once for those who are alike in
 * what it looks at: there are as many answers as forbids, people and teams together, not times each other.
 */
const keeping = (forbids: readonly Forbid[]) => {
  const judged = forbids.map((forbid) => ({
    ...forbid,
    ofWho: whatOf(forbid.est.conditions, 'principal'),
    ofWhat: whatOf(forbid.est.conditions, 'resource'),
    known: new Map<string, Possibility>(),
  }))
  const index = buildScopeIndex(judged)
  const alike = createAlike()
  return (who: Who, name: string, on: Entity, test: (possibility: Possibility) => boolean): readonly Forbid[] => {
    const group = uid('Action', `access:${accessOf({ name, effect: 'write' })}`)
    const action: Entity = { uid: uid('Action', name), attrs: {}, parents: [group] }
    const named = { principal: who.uid, action: action.uid, resource: on.uid }
    const entities = [who.entity, action, on, ...(on === DEPLOYMENT_ENTITY ? [] : [DEPLOYMENT_ENTITY])]
    const world = registerWorld(named, entities)
    return index.candidates({ ...named, context: {}, entities }).filter(({ est, ofWho, ofWhat, known }) => {
      const key = `${name} ${alike(who.entity, ofWho)} ${alike(on, ofWhat)}`
      const possibility = known.get(key) ?? possibilityOf(est.conditions, world)
      known.set(key, possibility)
      return test(possibility)
    })
  }
}

/** Names what is looked at of an entity, in one form for all who have the same; injective, and short where it can be. */
const createAlike = () => {
  const numbers = new Map<string, number>()
  const made = new Map<string, WeakMap<Entity, number>>()
  return (entity: Entity, { attributes, isMore }: LookedAt): number => {
    const look = isMore ? '' : JSON.stringify(attributes)
    const known = made.get(look) ?? new WeakMap<Entity, number>()
    made.set(look, known)
    const before = known.get(entity)
    if (before !== undefined) return before
    const seen = JSON.stringify(attributes.map((name) => entity.attrs[name] ?? null))
    // What it holds of other entities may be itself, or what else is there.
    const isWhole = isMore || seen.includes('__entity')
    const text = isWhole ? uidText(entity.uid) : `${entity.uid.type} ${look} ${seen}`
    const number = numbers.get(text) ?? numbers.size
    numbers.set(text, number)
    known.set(entity, number)
    return number
  }
}

// Who names one of these things by its name means it, whatever the conditions leave of it; and who names a team may mean
// what is approved there by somebody who has no role in it.
const namesEssential = ({ est }: Forbid): boolean => {
  const { principal, resource } = est
  if (principal.op === 'is' && principal.entity_type === 'Reeve::Identity') return false
  const named = namedActions(est.action)
  if (named?.some(({ id }) => ESSENTIAL.has(id)) === true) return true
  const group = resource.op === 'is' ? resource.in : resource
  const isOfTeam = group !== undefined && 'entity' in group && uidOf(group.entity).type === 'Reeve::Team'
  return isOfTeam && (named === undefined || named.some(({ id }) => id === 'access:admin'))
}
