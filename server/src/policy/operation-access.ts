import { operationsInRules } from './builtin-policies.ts'
import type { SchemaOperation } from './engine/index.ts'

/** What policy must know of an operation: its name, and whether it only reads. */
export interface KnownOperation {
  readonly name: string
  readonly effect: 'read' | 'write'
}

/** How much an operation can do: reading is for readers, `write` for the owning team, everything else for admins. */
export const accessOf = (operation: KnownOperation): 'read' | 'write' | 'admin' => {
  if (operation.effect === 'read') return 'read'
  return OWNERS_MAY.has(operation.name) ? 'write' : 'admin'
}

/** The operations as the schema has them: those of the server, and those that the built-in policies name. */
export const schemaOperations = (operations: readonly KnownOperation[]): readonly SchemaOperation[] => {
  // What the built-in rules name is in the schema even where a test runs without the rooms that have it.
  const known = new Map(operationsInRules.map((name): [string, KnownOperation] => [name, { name, effect: 'write' }]))
  for (const name of HOT_ACTIONS) known.set(name, { name, effect: 'write' })
  for (const operation of operations) known.set(operation.name, operation)
  return [...known.values()].map((operation) => ({
    name: operation.name,
    resourceTypes: SUBJECT_TYPES,
    access: accessOf(operation),
  }))
}

/** What is decided on a hot path and is no operation: acting for an identity, which a policy of your own permits. */
const HOT_ACTIONS = ['broker.token.exchange']

/** What operations are about. */
const SUBJECT_TYPES = ['Identity', 'Team', 'Resource', 'Deployment', 'Person'] as const

/**
 * What the owning team may call. An operation that is not listed here is an admin's: a new one is closed until somebody
 * decides whose it is.
 */
export const OWNERS_MAY: ReadonlySet<string> = new Set([
  'inventory.identity.create',
  'inventory.identity.change',
  'inventory.identity.activate',
  'inventory.identity.retire',
  'inventory.identity.quarantine',
  'inventory.identity.release',
  'inventory.sighting.adopt',
  'inventory.sighting.link',
  'inventory.adoption.create',
  'inventory.sighting.split',
  'inventory.identity.merge',
  'inventory.alias.add',
  'inventory.alias.end',
  'inventory.owner.quarantine',
  'inventory.owner.release',
  'broker.credential.add',
  'broker.credential.revoke',
  'broker.credential.rotate',
  'broker.credential.rollback',
  'broker.credential.quarantine',
  'broker.credential.release',
  'broker.instance.quarantine',
  'broker.instance.release',
  'broker.token.quarantine',
  'broker.token.release',
  'broker.token.revoke',
  'policy.grant.create',
  'policy.grant.revoke',
  'observe.finding.accept',
])
