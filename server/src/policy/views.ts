import type { z } from 'zod'
import type { Subject } from '../kit/operation.ts'
import type { FieldChange } from '../ledger/event.ts'
import type { Bundle } from './domain/bundle.ts'
import type { DetailType } from './domain/detail-type.ts'
import type { Grant } from './domain/grant.ts'
import type { Resource } from './domain/resource.ts'
import type { PolicyIdentity } from './room.ts'
import type { BundleView, GrantView, ResourceView } from './shapes.ts'

/** Names of resources and bundles by their ids; what is gone keeps its id. */
export interface Names {
  resource(id: string): { readonly name: string } | undefined
  bundle(id: string): { readonly name: string } | undefined
}

/** A resource as it is answered. */
export const resourceView = ({
  algorithm,
  actions,
  servedBy,
  detailTypes,
  tagClaims,
  awsSessionTags,
  ...rest
}: Resource): z.infer<typeof ResourceView> => ({
  ...rest,
  actions: [...actions],
  tagClaims: [...tagClaims],
  awsSessionTags: [...awsSessionTags],
  servedBy: [...servedBy],
  detailTypes: detailTypes.map(detailTypeView),
  tokenAlgorithm: algorithm,
})

const detailTypeView = ({ type, fields }: DetailType) => ({
  type,
  fields: Object.fromEntries(
    Object.entries(fields).map(([name, { oneOf, ...rest }]) => [
      name,
      oneOf === undefined ? rest : { ...rest, oneOf: [...oneOf] },
    ]),
  ),
})

/** A bundle as it is answered: its lines name resources. */
export const bundleView = (bundle: Bundle, names: Pick<Names, 'resource'>): z.infer<typeof BundleView> => ({
  id: bundle.id,
  name: bundle.name,
  purpose: bundle.purpose,
  matrix: bundle.matrix.map((line) => ({
    resource: names.resource(line.resource)?.name ?? line.resource,
    actions: [...line.actions],
  })),
})

/** A grant as it is answered: its bundle or resource by name. */
export const grantView = (grant: Grant, names: Names): z.infer<typeof GrantView> => {
  const { gives } = grant
  return {
    id: grant.id,
    identity: grant.identity,
    name: grant.name,
    bundle: 'bundle' in gives ? (names.bundle(gives.bundle)?.name ?? gives.bundle) : null,
    resource: 'bundle' in gives ? null : (names.resource(gives.resource)?.name ?? gives.resource),
    actions: 'bundle' in gives ? [] : [...gives.actions],
    conditions: conditionsView(grant.conditions),
    expiresAt: grant.expiresAt.toISOString(),
    createdAt: grant.createdAt.toISOString(),
    createdBy: grant.createdBy,
    approval: grant.approval,
    directory: grant.directory,
    endedAt: grant.end?.at.toISOString() ?? null,
    endedReason: grant.end?.reason ?? null,
  }
}

// As they are stored, also what this server does not know.
const conditionsView = ({ unknown, ...known }: Grant['conditions']): Record<string, unknown> => ({
  ...known,
  ...unknown,
})

/** A resource as the policy and the log name it. */
export const resourceSubject = (resource: Resource): Subject => ({
  type: 'Resource',
  id: resource.id,
  name: resource.name,
  environment: resource.environment,
  team: resource.owner,
})

/** An identity as the policy and the log name it. */
export const identitySubject = (identity: PolicyIdentity): Subject => ({
  type: 'Identity',
  id: identity.id,
  name: identity.name,
  environment: identity.environment,
  team: identity.owner.id,
  tags: identity.tags,
})

const TOLD_MAX = 500

/** The fields in which two records differ, as the log tells them; without `before` the record is new. */
export const changesBetween = (
  before: Readonly<Record<string, unknown>> | undefined,
  after: Readonly<Record<string, unknown>>,
): readonly FieldChange[] =>
  Object.keys(after)
    .sort()
    .map((field) => ({ field, before: told(before?.[field]), after: told(after[field]) }))
    .filter((each) => each.before !== each.after)
    .map(({ field, before: was, after: is }) => ({
      field,
      before: was?.slice(0, TOLD_MAX) ?? null,
      after: is?.slice(0, TOLD_MAX) ?? null,
    }))

const told = (value: unknown): string | null => {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : JSON.stringify(value, inOrder)
}

// The order of a record's names is no difference.
const inOrder = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value
