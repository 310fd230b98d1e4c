import type { ActionType, EntityType, SchemaJson, Type, TypeOfAttribute } from '@cedar-policy/cedar-wasm/nodejs'
import type { PolicyProblem } from './source-policy.ts'

/** What a registered resource brings into the schema. */
export interface SchemaResource {
  name: string
  /** Full names of its actions, as `orders.read`. */
  actions: readonly SchemaAction[]
  /** Facts that callers may state about a request; policies read them as `context.request.NAME`. */
  facts?: Readonly<Record<string, FactType>>
}

/** An action, and how much it can do, if that was declared; policies may ask for `action in Action::"access:read"`. */
export type SchemaAction = string | { name: string; access: Access }

/** How much an action can do. */
export type Access = 'read' | 'write' | 'admin'

/** The type of a fact that a caller states. */
export type FactType = 'string' | 'long' | 'boolean' | 'strings' | 'datetime' | 'ip'

/** An operation of the control plane itself, as `inventory.identity.create`, and the types of what it is done to. */
export interface SchemaOperation {
  name: string
  resourceTypes: readonly string[]
  access?: Access
}

/** Generates the Cedar schema, namespace `Reeve`, or says which names collide or are not proper. */
export const schemaFor = (input: {
  resources: readonly SchemaResource[]
  operations?: readonly SchemaOperation[]
}): { ok: true; schema: SchemaJson<string> } | { ok: false; problems: PolicyProblem[] } => {
  const { resources, operations = [] } = input
  const made: Made = {
    actions: new Map(),
    facts: new Map(),
    types: new Map(Object.entries(ENTITY_TYPES)),
    problems: [],
  }
  for (const access of ['read', 'write', 'admin']) made.actions.set(`access:${access}`, {})
  for (const operation of operations) addOperation(made, operation)
  for (const resource of resources) addResource(made, resource, operations)
  const { problems } = made
  if (problems.length > 0) return { ok: false, problems: problems.map((message) => ({ policy: '', message })) }
  return { ok: true, schema: { Reeve: namespaceOf(made) } }
}

interface Made {
  actions: Map<string, ActionType<string>>
  facts: Map<string, FactType>
  types: Map<string, EntityType<string>>
  problems: string[]
}

const addOperation = (made: Made, { name, resourceTypes, access }: SchemaOperation): void => {
  for (const type of resourceTypes) {
    if (!TYPE_NAME.test(type)) made.problems.push(`operation ${name}: ${type} is not a proper type`)
    if (!made.types.has(type)) made.types.set(type, OTHER_TYPE)
  }
  made.actions.set(name, action(['Identity', 'Person'], [...resourceTypes], access))
}

const addResource = (made: Made, resource: SchemaResource, operations: readonly SchemaOperation[]): void => {
  for (const entry of resource.actions) {
    const { name, access } = typeof entry === 'string' ? { name: entry, access: undefined } : entry
    // A resource's owner must not name an action so that rules for the control plane, or for a group, speak of it.
    const isTaken = name.startsWith('access:') || operations.some((operation) => operation.name === name)
    if (isTaken || !isName(name))
      made.problems.push(`resource ${resource.name}: the action ${name} may not be named so`)
    else made.actions.set(name, merged(made.actions.get(name), action(['Identity'], ['Resource'], access)))
  }
  for (const [name, type] of Object.entries(resource.facts ?? {})) {
    if (!FACT_NAME.test(name)) made.problems.push(`resource ${resource.name}: the fact ${name} may not be named so`)
    if ((made.facts.get(name) ?? type) !== type)
      made.problems.push(`resource ${resource.name}: the fact ${name} has another type elsewhere`)
    made.facts.set(name, type)
  }
}

const action = (principalTypes: string[], resourceTypes: string[], access?: Access): ActionType<string> => ({
  appliesTo: { principalTypes, resourceTypes, context: { type: 'Context' } },
  ...(access ? { memberOf: [{ id: `access:${access}` }] } : {}),
})

// Two resources may share an action's name; it is then in the groups of both.
const merged = (known: ActionType<string> | undefined, added: ActionType<string>): ActionType<string> => {
  const groups = new Map([...(known?.memberOf ?? []), ...(added.memberOf ?? [])].map((group) => [group.id, group]))
  return groups.size > 0 ? { ...added, memberOf: [...groups.values()] } : added
}

const isName = (name: string): boolean => name !== '' && name.length <= 512 && name.isWellFormed()
const TYPE_NAME = /^[A-Z][A-Za-z0-9]{0,63}$/
const FACT_NAME = /^[a-z][A-Za-z0-9_]{0,63}$/

const STRING: Type<string> = { type: 'String' }
const LONG: Type<string> = { type: 'Long' }
const BOOLEAN: Type<string> = { type: 'Boolean' }
const STRINGS: Type<string> = { type: 'Set', element: STRING }
const DATETIME: Type<string> = { type: 'Extension', name: 'datetime' }
const IP: Type<string> = { type: 'Extension', name: 'ipaddr' }
const entity = (name: string): Type<string> => ({ type: 'Entity', name })
const maybe = (type: Type<string>): TypeOfAttribute<string> => ({ ...type, required: false })

const FACT_TYPES: Record<FactType, Type<string>> = {
  string: STRING,
  long: LONG,
  boolean: BOOLEAN,
  strings: STRINGS,
  datetime: DATETIME,
  ip: IP,
}

/**
 * Facts about a request, all from the server.
 *
 * INVARIANT: what a caller says stands under `request` and nowhere else, so it can add to the facts, never override one.
 */
const contextType = (facts: ReadonlyMap<string, FactType>): Type<string> => {
  const stated = Array.from(facts, ([name, type]): [string, TypeOfAttribute<string>] => [name, maybe(FACT_TYPES[type])])
  return record({
    now: DATETIME,
    weekday: maybe(STRING),
    sourceIp: maybe(IP),
    // The country of the address (ISO 3166-1), `unknown` where nobody can say; never absent.
    sourceRegion: maybe(STRING),
    credentialKind: maybe(STRING),
    // Its age is a matter of `context.now`: a number of seconds would be another context with every one.
    credentialCreatedAt: maybe(DATETIME),
    isSenderConstrained: maybe(BOOLEAN),
    instance: maybe(STRING),
    // Of a token that another identity acts with in the subject's place (RFC 8693): which one.
    actor: maybe(record({ id: STRING, name: STRING })),
    workflow: maybe(STRING),
    repository: maybe(STRING),
    environment: maybe(STRING),
    // `none` until something proves either: a rule that needs one refuses.
    attestation: maybe(STRING),
    devicePosture: maybe(STRING),
    // An identity's `REPOSITORY/PIPELINE#STAGE`, and the stage of it.
    pipeline: maybe(STRING),
    pipelineStage: maybe(STRING),
    // Under which a live grant gives all the actions that are asked for by name.
    approval: maybe(STRING),
    // Of an identity: 0 where nothing is open against it; a low finding 25, medium 50, high 75, critical 100.
    risk: maybe(LONG),
    audience: maybe(STRING),
    // The caller serves, or is, what its call is about.
    isParty: maybe(BOOLEAN),
    // The directory of access as code that a call is about, and what a person's session was narrowed to.
    directory: maybe(STRING),
    narrowedTo: maybe(record({ directories: STRINGS, mayApply: BOOLEAN })),
    requested: maybe(record({ scopes: maybe(STRINGS), lifetimeSeconds: maybe(LONG), environment: maybe(STRING) })),
    sessionAgeSeconds: maybe(LONG),
    isReauthenticated: maybe(BOOLEAN),
    request: maybe(record(Object.fromEntries(stated))),
  })
}

const record = (attributes: Record<string, TypeOfAttribute<string>>): Type<string> => ({ type: 'Record', attributes })

// The least that is known of what an operation is done to: whose it is, and where.
const OTHER_TYPE: EntityType<string> = {
  memberOfTypes: ['Team', 'Deployment'],
  shape: record({ name: maybe(STRING), owner: maybe(entity('Team')), environment: maybe(STRING) }),
}

const ENTITY_TYPES: Record<string, EntityType<string>> = {
  Deployment: { shape: record({ name: maybe(STRING), environment: maybe(STRING) }) },
  Team: { memberOfTypes: ['Team', 'Deployment'], shape: record({ name: maybe(STRING) }) },
  Person: {
    memberOfTypes: ['Team', 'Deployment'],
    shape: record({
      name: STRING,
      roles: STRINGS,
      teams: { type: 'Set', element: entity('Team') },
      // A role that holds for one team only.
      teamRoles: maybe({ type: 'Set', element: record({ role: STRING, team: entity('Team') }) }),
    }),
  },
  Identity: {
    memberOfTypes: ['Team', 'Deployment'],
    shape: record({
      name: STRING,
      kind: STRING,
      environment: STRING,
      tier: STRING,
      state: maybe(STRING),
      functions: maybe(STRINGS),
      boundary: maybe(STRING),
      blastRadius: maybe(STRING),
      // Of one that has an exception from the separation of reading and writing.
      mayReadAndWriteUntil: maybe(DATETIME),
      owner: maybe(entity('Team')),
      parent: maybe(entity('Identity')),
      workflow: maybe(STRING),
    }),
    tags: STRING,
  },
  Resource: {
    memberOfTypes: ['Resource', 'Team', 'Deployment'],
    shape: record({
      name: maybe(STRING),
      uri: STRING,
      environment: STRING,
      sensitivity: STRING,
      owner: maybe(entity('Team')),
    }),
    tags: STRING,
  },
  Bundle: {
    memberOfTypes: ['Team', 'Deployment'],
    shape: record({ name: maybe(STRING), owner: maybe(entity('Team')), environment: maybe(STRING) }),
  },
}

const namespaceOf = (made: Made): SchemaJson<string>[string] => ({
  commonTypes: { Context: contextType(made.facts) },
  entityTypes: Object.fromEntries(made.types),
  actions: Object.fromEntries(made.actions),
})
