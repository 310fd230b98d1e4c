import type { EntityType } from '@cedar-policy/cedar-wasm/nodejs'
import { applicationNamespace } from './application-schema.ts'
import type { Application } from './domain/application.ts'
import { detailFacts } from './domain/detail-type.ts'
import { ACCESS_OF_EFFECT, type Resource } from './domain/resource.ts'
import { type PolicyProblem, type PolicySchema, schemaFor } from './engine/index.ts'
import { type KnownOperation, schemaOperations } from './operation-access.ts'

/**
 * The schema of all that policies may speak of: resources, the control plane's operations, applications' own things. In
 * one order, whoever lists them: else the same schema would look like another, and all would be checked again.
 */
export const controlSchema = (
  resources: readonly Resource[],
  operations: readonly KnownOperation[],
  applications: readonly Application[] = [],
): { ok: true; schema: PolicySchema } | { ok: false; problems: PolicyProblem[] } => {
  const named = schemaOperations(operations)
  const made = schemaFor({
    resources: byName(resources).map(({ name, actions, detailTypes }) => ({
      name,
      facts: detailFacts(detailTypes),
      actions: actions.map((action) => ({ name: action.name, access: ACCESS_OF_EFFECT[action.effect] })),
    })),
    operations: named,
  })
  if (!made.ok) return made
  const { schema } = made
  const reeve = schema.Reeve
  if (reeve === undefined) return { ok: false, problems: [{ policy: '', message: 'the schema has no namespace' }] }
  const own = new Set(named.map(({ name }) => name))
  // Reeve's own jobs and callers who proved nothing call operations too, and are judged like everybody else.
  const actions = Object.fromEntries(
    Object.entries(reeve.actions).map(([name, action]) => [name, own.has(name) ? withOthers(action) : action]),
  )
  const entityTypes = { ...reeve.entityTypes, ...OTHERS, Team: TEAM }
  const namespaces = Object.fromEntries(byName(applications).map((one) => [one.name, applicationNamespace(one)]))
  return { ok: true, schema: { ...namespaces, Reeve: { ...reeve, entityTypes, actions } } }
}

const byName = <Named extends { readonly name: string }>(some: readonly Named[]): Named[] =>
  some.toSorted((one, other) => (one.name < other.name ? -1 : 1))

const OTHERS = { Automation: {}, Anonymous: {} }

// A team owns itself, so that one rule speaks of a team and of what is the team's.
const TEAM: EntityType<string> = {
  memberOfTypes: ['Team', 'Deployment'],
  shape: {
    type: 'Record',
    attributes: {
      name: { type: 'String', required: false },
      owner: { type: 'Entity', name: 'Team', required: false },
    },
  },
}

const withOthers = <Action extends { appliesTo?: { principalTypes: string[] } | undefined | null }>(
  action: Action,
): Action =>
  action.appliesTo
    ? {
        ...action,
        appliesTo: {
          ...action.appliesTo,
          principalTypes: [...action.appliesTo.principalTypes, ...Object.keys(OTHERS)],
        },
      }
    : action
