import type { CedarRecord, CedarValue, Entity } from '@reeve/cedar'
import type {
  Application,
  ApplicationAction,
  PlainValue,
  ResourceType,
  SubjectType,
  ValueType,
} from '../domain/application.ts'
import { type ReadyPart, readyPart } from '../engine/index.ts'

/** A type of an application with its registered things, ready to be decided on. */
export interface IndexedType {
  readonly application: Application
  readonly declared: SubjectType
  /** Its full name in policies. */
  readonly cedarType: string
  readonly entities: ReadonlyMap<string, Entity>
  /** One of these entities, read when it is first asked about. */
  ready(entity: Entity): ReadyPart | undefined
  readonly actions: ReadonlyMap<string, ApplicationAction>
}

/** The types of all applications by their names. */
export interface ApplicationIndex {
  subject(type: string): IndexedType | undefined
  resource(type: string): IndexedType | undefined
  /** Those that this identity may ask about. */
  askedBy(identityId: string): boolean
}

const indexes = new WeakMap<readonly Application[], ApplicationIndex>()

/** The index of these applications; made once for each list, which is replaced as a whole when anything changes. */
export const applicationIndex = (applications: readonly Application[]): ApplicationIndex => {
  const known = indexes.get(applications)
  if (known !== undefined) return known
  const subjects = new Map<string, IndexedType>()
  const resources = new Map<string, IndexedType>()
  const askers = new Set<string>()
  for (const application of applications) {
    for (const id of application.askedBy) askers.add(id)
    for (const declared of application.subjects) subjects.set(declared.type, indexed(application, declared, []))
    for (const declared of application.resources)
      resources.set(declared.type, indexed(application, declared, declared.actions))
  }
  const index: ApplicationIndex = {
    subject: (type) => subjects.get(type),
    resource: (type) => resources.get(type),
    askedBy: (identityId) => askers.has(identityId),
  }
  indexes.set(applications, index)
  return index
}

const indexed = (application: Application, declared: SubjectType, actions: ResourceType['actions']): IndexedType => {
  const cedarType = `${application.name}::${declared.type}`
  const types = { ...declared.stated, ...declared.attributes }
  const entities = declared.entities.map(({ id, attributes }): [string, Entity] => [
    id,
    { uid: { type: cedarType, id }, attrs: cedarRecord(attributes, types), parents: [] },
  ])
  return {
    application,
    declared,
    cedarType,
    entities: new Map(entities),
    ready: readyOnce(),
    actions: new Map(actions.map((action) => [action.name, action])),
  }
}

const readyOnce = (): IndexedType['ready'] => {
  const read = new Map<Entity, ReadyPart | undefined>()
  return (entity) => {
    if (read.has(entity)) return read.get(entity)
    const part = readyPart([entity])
    read.set(entity, part)
    return part
  }
}

const cedarRecord = (
  values: Readonly<Record<string, PlainValue>>,
  types: Readonly<Record<string, ValueType>>,
): CedarRecord =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, cedarValue(value, types[name] ?? 'string')]))

/** A plain value of this type as Cedar writes it. */
export const cedarValue = (value: PlainValue, type: ValueType): CedarValue => {
  if (typeof value === 'string' && (type === 'datetime' || type === 'ip')) return { __extn: { fn: type, arg: value } }
  return typeof value === 'object' ? [...value] : value
}
