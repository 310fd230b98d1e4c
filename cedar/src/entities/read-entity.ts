import { isSameFields } from '../values/equal.ts'
import { readUid } from '../values/read-uid.ts'
import { readRecord } from '../values/read-value.ts'
import type { Shapes } from '../values/shapes.ts'
import { type EntityValue, entityValue, isFailure } from '../values/value.ts'
import { type EntityNode, entityNode, NO_FIELDS } from './entity-node.ts'

/** Reads an entity, or says what is wrong with it; what is above it is found out later. */
export const readEntity = (written: unknown, shapes?: Shapes): EntityNode | string => {
  if (typeof written !== 'object' || written === null) return 'an entity is not an object'
  const uid = readUid('uid' in written ? written.uid : undefined)
  if (typeof uid !== 'object') return uid ?? 'an entity has no proper uid'
  const attributes = fieldsOf(written, 'attrs', shapes)
  if (typeof attributes === 'string') return attributes
  const tags = 'tags' in written && written.tags !== undefined ? fieldsOf(written, 'tags', shapes) : NO_FIELDS
  if (typeof tags === 'string') return tags
  const parents = parentsOf(written, uid.type)
  if (typeof parents === 'string') return parents
  return entityNode(entityValue(uid), attributes, tags, parents)
}

/** Whether two descriptions of an entity say the same. */
export const isSameEntity = (one: EntityNode, other: EntityNode): boolean =>
  isSameFields(one, other) && isSameFields(one.tags, other.tags) && isSameParents(one, other)

/** Whether two descriptions of an entity name the same parents, in whatever order. */
export const isSameParents = (one: EntityNode, other: EntityNode): boolean => {
  const mine = new Set(one.parents.map((parent) => parent.key))
  const yours = new Set(other.parents.map((parent) => parent.key))
  return mine.size === yours.size && mine.isSubsetOf(yours)
}

const fieldsOf = (written: object, name: 'attrs' | 'tags', shapes: Shapes | undefined) => {
  const fields: unknown = Reflect.get(written, name)
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return `an entity has no proper ${name}`
  const record = readRecord(fields, shapes)
  return isFailure(record) ? record.message : record
}

const parentsOf = (written: object, type: string): EntityValue[] | string => {
  const list: unknown = 'parents' in written ? written.parents : undefined
  if (!Array.isArray(list)) return 'an entity has no list of parents'
  const parents: EntityValue[] = []
  for (let at = 0; at < list.length; at++) {
    const uid = readUid(list[at])
    if (typeof uid !== 'object') return uid ?? 'an entity has a parent without a proper name'
    if (isActionType(type) && !isActionType(uid.type)) return 'an action has a parent that is not an action'
    parents.push(entityValue(uid))
  }
  return parents
}

const isActionType = (type: string): boolean => type === 'Action' || type.endsWith('::Action')
