import type { PolicyEst } from '@reeve/cedar'
import type { AnyDb } from '../kit/database.ts'
import type { Resource } from './domain/resource.ts'
import { namedActions, readSource, uidOf } from './engine/index.ts'
import { mayBeIdentity, mayBeResource } from './head-reach.ts'
import { type Base, sourcesOf } from './memory/base.ts'
import type { PolicyMemory } from './memory.ts'
import { heldLines } from './rights.ts'
import { grantsSince } from './store-grant.ts'

/** Whose stop is to be told: an identity, or all that a team has. */
export type ToldAbout = { readonly identity: string } | { readonly team: string }

/**
 * Who must hear that somebody was stopped: those who serve what it can reach, or could since that moment. A grant counts
 * that was ended meanwhile, because a token of it may be in use. INVARIANT: rather one too many than one too few. Where a
 * permit of one's own could give it something, its head alone is looked at; where one could let it act for another, it
 * may stand in a token for anything.
 */
export const createReceivers =
  (memory: Pick<PolicyMemory, 'base'>) =>
  async (db: AnyDb, about: ToldAbout, since: Date): Promise<ReadonlySet<string>> => {
    const base = memory.base()
    const { resources } = base.stored
    const named = new Set((await heldLines(db, await grantsSince(db, about, since))).map(({ resource }) => resource))
    const openings = openingsOf(base).filter(
      ({ only }) => !('identity' in about) || (only ?? about.identity) === about.identity,
    )
    const isReached = (resource: Resource): boolean =>
      named.has(resource.id) || openings.some((opening) => opening.all || opening.resources.has(resource.id))
    return new Set(resources.filter(isReached).flatMap(({ servedBy }) => servedBy))
  }

/** What one permit may open, to one identity or to any. */
interface Opening {
  readonly only: string | undefined
  readonly all: boolean
  readonly resources: ReadonlySet<string>
}

const known = new WeakMap<Base, readonly Opening[]>()

// Once a base: texts are parsed for it.
const openingsOf = (base: Base): readonly Opening[] => {
  const made = known.get(base) ?? readOpenings(base)
  known.set(base, made)
  return made
}

const readOpenings = ({ stored }: Base): readonly Opening[] => {
  const { sources } = sourcesOf(stored.texts)
  if (sources.length === 0) return []
  return sources.flatMap(({ text }): readonly Opening[] => {
    const est = readSource(text)
    // What cannot be read is not in force; were it, anything might be open.
    if (est === undefined) return [EVERYTHING]
    if (est.effect !== 'permit' || !mayBeIdentity(est.principal)) return []
    const resources = stored.resources.filter((resource) => mayBeAbout(est, resource)).map(({ id }) => id)
    const all = mayExchange(est)
    return all || resources.length > 0 ? [{ only: onlyIdentity(est), all, resources: new Set(resources) }] : []
  })
}

const EVERYTHING: Opening = { only: undefined, all: true, resources: new Set() }

const onlyIdentity = ({ principal }: PolicyEst): string | undefined =>
  principal.op === '==' && 'entity' in principal ? uidOf(principal.entity).id : undefined

const mayExchange = ({ action }: PolicyEst): boolean =>
  namedActions(action)?.some(({ id }) => id === 'broker.token.exchange' || id.startsWith('access:')) ?? true

const mayBeAbout = ({ action, resource: head }: PolicyEst, resource: Resource): boolean => {
  const named = namedActions(action)
  const isNamed =
    named?.some(({ id }) => id.startsWith('access:') || resource.actions.some(({ name }) => name === id)) ?? true
  return isNamed && mayBeResource(head, resource)
}
