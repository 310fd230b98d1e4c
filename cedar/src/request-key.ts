import type { EntityUid } from './entity-uid.ts'
import type { CedarValue, Entity, Request } from './request.ts'

/**
 * One string for one request: equal keys only for equal requests, whatever characters the values hold.
 *
 * INVARIANT: injective up to the order in which record fields, entities and parents are listed, which no decision
 * depends on. Every string is quoted, every list bracketed and every kind of value starts with a character of its own.
 */
export const requestKey = (request: Request): string =>
  list([
    uid(request.principal),
    uid(request.action),
    uid(request.resource),
    value(request.context),
    list(request.entities.map(entity).sort()),
  ])

const entity = (one: Entity): string =>
  list([
    uid(one.uid),
    value(one.attrs),
    list(one.parents.map(uid).sort()),
    one.tags === undefined ? '-' : value(one.tags),
  ])

const uid = (name: EntityUid): string => list([JSON.stringify(name.type), JSON.stringify(name.id)])

const value = (of: CedarValue): string => {
  if (typeof of === 'string') return JSON.stringify(of)
  if (Array.isArray(of)) return list(of.map(value))
  if (typeof of !== 'object') return Object.is(of, -0) ? '-0' : String(of)
  const fields = Object.entries(of).map(([name, field]): string => `${JSON.stringify(name)}:${value(field)}`)
  return `{${fields.sort().join(',')}}`
}

const list = (parts: string[]): string => `[${parts.join(',')}]`
