import type { CedarRecord, CedarValue, EntityUid, ExactEntity, ExactRequest } from '../src/index.ts'

type Value = CedarValue<number | bigint>

import type { Entropy } from './entropy.ts'
import { datetime, decimal, duration, ip, long, NAMES, string } from './literals.ts'

export type Type =
  | { is: 'bool' | 'long' | 'string' | 'ip' | 'decimal' | 'datetime' | 'duration' | 'entity' }
  | { is: 'set'; of: Type }
  | { is: 'record'; fields: Fields }

export type Fields = ReadonlyMap<string, Type>

/** What the entities and the context of one world look like, and how policies may rely on it. */
export interface Schema {
  /** The attributes of each type of entity. */
  attributes: ReadonlyMap<string, Fields>
  tags: Type
  context: Fields
  /** What most requests are by and about, and policies therefore reckon with. */
  principal: EntityUid['type']
  resource: EntityUid['type']
}

export const ENTITY_TYPES = ['User', 'Group', 'Org::Thing'] as const
const IDS: readonly string[] = ['a', 'c"']
const ACTIONS = ['x', 'y', 'all'] as const
const SIMPLE = ['bool', 'long', 'string', 'entity', 'ip', 'decimal', 'datetime', 'duration'] as const

export const type = (of: Entropy, depth: number): Type => {
  const kind = of.below(depth > 0 ? 11 : 8)
  if (kind === 8 || kind === 9) return { is: 'set', of: type(of, depth - 1) }
  if (kind === 10) return { is: 'record', fields: fields(of, 3, depth - 1) }
  return { is: SIMPLE[kind] ?? 'bool' }
}

const fields = (of: Entropy, most: number, depth: number): Fields =>
  new Map(of.some(most, () => [of.pick(NAMES), type(of, depth)] as const))

/** Names that most entities have a tag of. */
export const TAGGED = ['a', 'x y', '__proto__'] as const

export const schema = (of: Entropy): Schema => ({
  attributes: new Map(ENTITY_TYPES.map((name) => [name, fields(of, 4, 1)])),
  tags: type(of, 1),
  context: fields(of, 5, 2),
  principal: of.pick(ENTITY_TYPES),
  resource: of.pick(ENTITY_TYPES),
})

export const entityUid = (of: Entropy): EntityUid => ({ type: of.pick(ENTITY_TYPES), id: of.pick(IDS) })
export const actionUid = (of: Entropy): EntityUid => ({ type: 'Action', id: of.pick(ACTIONS) })

export const VALID: Record<'ip' | 'decimal' | 'datetime' | 'duration', readonly string[]> = {
  ip: ['10.0.0.1', '10.0.0.0/8', '127.0.0.1', '::1', 'ff02::1', '192.168.0.0/16', '::/0', '10.0.0.1/32'],
  decimal: ['0.0', '1.5', '-1.5', '1.50', '922337203685477.5807', '-922337203685477.5808'],
  datetime: ['1970-01-01', '2024-02-29T12:00:00Z', '1969-12-31T23:59:59.999Z', '2024-10-15T11:35:00.123-0130'],
  duration: ['0ms', '1d', '-1h', '9223372036854775807ms', '-9223372036854775808ms', '1d2h3m4s5ms'],
}
const ANYTHING = { ip, decimal, datetime, duration }

/** A value of a type, now and then of another one; a malformed extension value spoils the whole request, so it is rare. */
export const value = (of: Entropy, wanted: Type, depth: number): Value => {
  const actual = of.oneIn(40) ? type(of, 1) : wanted
  switch (actual.is) {
    case 'bool':
      return of.oneIn(2)
    case 'long':
      return exact(long(of))
    case 'string':
      return string(of)
    case 'entity':
      return { __entity: of.oneIn(6) ? actionUid(of) : entityUid(of) }
    case 'set':
      return of.some(of.oneIn(8) ? 12 : 3, () => value(of, actual.of, depth - 1))
    case 'record':
      return record(of, actual.fields, depth - 1)
    default: {
      const text = of.oneIn(300) ? ANYTHING[actual.is](of) : of.pick(VALID[actual.is])
      return { __extn: of.oneIn(9) ? { fn: actual.is, args: [text] } : { fn: actual.is, arg: text } }
    }
  }
}

const exact = (number: bigint): Value => {
  const rounded = Number(number)
  return Number.isSafeInteger(rounded) ? rounded : number
}

const record = (of: Entropy, wanted: Fields, depth: number): CedarRecord<number | bigint> => {
  const present = [...wanted].filter(() => !of.oneIn(12))
  // From entries, so that no name means anything to JavaScript.
  return Object.fromEntries(present.map(([name, kind]) => [name, value(of, kind, depth)]))
}

const place = (uid: EntityUid): number => IDS.indexOf(uid.id) * 10 + uid.type.length

/** Parents mostly stand later in one order of all names; the few others make a cycle now and then. */
const parents = (of: Entropy, uid: EntityUid): EntityUid[] => {
  const isWild = of.oneIn(150)
  return of.some(2, () => entityUid(of)).filter((parent) => isWild || place(parent) > place(uid))
}

export const entities = (of: Entropy, world: Schema): ExactEntity[] => {
  // Small worlds are quick to compare, full ones meet more: most are small, with little but whom requests are about.
  const isFull = of.oneIn(6)
  const names = ENTITY_TYPES.flatMap((name) => IDS.map((id) => ({ type: name, id }))).filter(({ type: name }) => {
    const isAbout = name === world.principal || name === world.resource
    return isFull || isAbout ? !of.oneIn(8) : of.oneIn(6)
  })
  const all = [...names.map((uid) => entity(of, world, uid)), ...actions(of)]
  // The same twice is allowed, another of the same name is not.
  const [first] = all
  return first && of.oneIn(40) ? [...all, of.oneIn(2) ? first : { ...first, attrs: {} }] : all
}

const entity = (of: Entropy, world: Schema, uid: EntityUid): ExactEntity => {
  const attrs = record(of, world.attributes.get(uid.type) ?? new Map(), 2)
  const plain = { uid, attrs, parents: parents(of, uid) }
  const names = [...of.some(1, () => of.pick(NAMES)), ...TAGGED.filter(() => of.oneIn(2))]
  const tags = Object.fromEntries(names.map((name) => [name, value(of, world.tags, 1)]))
  return of.oneIn(3) ? plain : { ...plain, tags }
}

const actions = (of: Entropy): ExactEntity[] =>
  ACTIONS.filter(() => of.oneIn(3)).map((id) => {
    const groups: EntityUid[] = id === 'all' || of.oneIn(3) ? [] : [{ type: 'Action', id: 'all' }]
    return { uid: { type: 'Action', id }, attrs: {}, parents: groups }
  })

export const request = (of: Entropy, world: Schema, all: ExactEntity[]): ExactRequest => ({
  principal: of.oneIn(8) ? entityUid(of) : { type: world.principal, id: of.pick(IDS) },
  action: actionUid(of),
  resource: of.oneIn(8) ? of.pick([entityUid, actionUid])(of) : { type: world.resource, id: of.pick(IDS) },
  context: record(of, world.context, 2),
  entities: all,
})
