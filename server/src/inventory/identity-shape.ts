import { z } from 'zod'
import { WRITTEN } from '../kit/moment.ts'
import { normalEnvironment } from './domain/environment.ts'
import { BLAST_RADII, BOUNDARIES, FUNCTIONS, type Identity, KINDS, LIFECYCLES, type Team } from './domain/identity.ts'
import { STATES } from './domain/state.ts'
import { missingTags, TAGS_MAX } from './domain/tags.ts'
import { approvalField, mandatory, name, paragraph, readableLine, reference } from './texts.ts'

const oneOf = <const Values extends readonly [string, ...string[]]>(field: string, values: Values) =>
  z.enum(values, {
    error: (issue) => (issue.input === undefined ? `${field} is mandatory` : `${field} is one of ${values.join(', ')}`),
  })

/** An environment in its one spelling. */
export const environment = z
  .string(mandatory('environment'))
  .max(40)
  .regex(/^\s*[A-Za-z0-9][A-Za-z0-9-]*\s*$/, 'environment is a short word, such as dev, test, staging or production')
  .transform(normalEnvironment)

const tags = z
  .record(
    z
      .string()
      .max(63)
      .regex(/^[a-z][a-z0-9_.-]*$/, 'a tag is named with a-z, 0-9, _, . and -'),
    readableLine('a tag', 255),
    mandatory('tags'),
  )
  .superRefine((given, context) => {
    for (const { key, detail } of missingTags(given)) context.addIssue({ code: 'custom', path: [key], message: detail })
    if (Object.keys(given).length > TAGS_MAX) context.addIssue({ code: 'custom', message: `at most ${TAGS_MAX} tags` })
  })
  .describe('business_unit, application, and ticket or repository are mandatory')

const classification = z.strictObject(
  {
    functions: z
      .array(oneOf('classification.functions', FUNCTIONS), mandatory('classification.functions'))
      .min(1, 'classification.functions is mandatory')
      .max(8),
    boundary: oneOf('classification.boundary', BOUNDARIES),
    blastRadius: oneOf('classification.blastRadius', BLAST_RADII),
  },
  mandatory('classification'),
)

const moment = (field: string) =>
  z.string(mandatory(field)).max(40).regex(WRITTEN, `${field} is a date, a time, or days such as 90d`)

const names = (field: string) => z.array(readableLine(field, 200)).max(50)

const particulars = {
  purpose: readableLine('purpose', 300),
  classification,
  lifecycle: oneOf('lifecycle', LIFECYCLES),
  pipeline: readableLine('pipeline', 200)
    .nullable()
    .describe('as `REPOSITORY/PIPELINE#STAGE`; policies read the stage'),
  workflow: z
    .strictObject({
      name: readableLine('workflow.name', 100),
      repository: readableLine('workflow.repository', 200).nullable().default(null),
    })
    .nullable(),
  authMethods: z
    .array(
      z
        .string()
        .max(40)
        .regex(/^[a-z][a-z0-9_-]*$/, 'an authentication method is a short word'),
    )
    .max(10),
  upstream: names('upstream'),
  downstream: names('downstream'),
  revocationProcedure: paragraph('revocationProcedure', 2000).nullable(),
  expiresAt: moment('expiresAt').describe('an ISO date or time, or days from now such as 90d; at most a year ahead'),
  reviewAt: moment('reviewAt').describe(
    'an ISO date or time, or days from now; at most as far ahead as the tier allows',
  ),
  tags,
}

/** What a declaration asks for. The owner may be left out where a parent is named: a child belongs to its parent's owner. */
export const identityFields = {
  name: name('name'),
  kind: oneOf('kind', KINDS),
  owner: reference('owner').optional().describe('the team that answers for it; mandatory unless a parent is named'),
  environment,
  parent: reference('parent').optional(),
  ...particulars,
  lifecycle: particulars.lifecycle.default('permanent'),
  pipeline: particulars.pipeline.default(null),
  workflow: particulars.workflow.default(null),
  authMethods: particulars.authMethods.default([]),
  upstream: particulars.upstream.default([]),
  downstream: particulars.downstream.default([]),
  revocationProcedure: particulars.revocationProcedure.default(null),
}

/**
 * Tells of a missing owner together with what else is missing. Alone it is judged later, by who calls: what an identity
 * creates is its child and needs none.
 */
const tellsOwner = z.refine(
  (given) => Object.hasOwn(Object(given), 'owner') || Object.hasOwn(Object(given), 'parent'),
  {
    path: ['owner'],
    error: 'owner is mandatory unless a parent is named',
    when: ({ value, issues }) => issues.length > 0 && typeof value === 'object' && value !== null,
  },
)

/** An identity as it is declared, by a call or in a file. */
export const IdentityInput = z.strictObject(identityFields)
export type IdentityInput = z.infer<typeof IdentityInput>

/** An identity as a call creates it, with the approval for its tier and what else the call names. */
export const createdWith = <const Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject({ ...shape, ...identityFields, approval: approvalField }).check(tellsOwner)

/** What a change may change; what is left out stays. */
export const changeFields = {
  owner: reference('owner').optional(),
  purpose: particulars.purpose.optional(),
  classification: classification.optional(),
  lifecycle: particulars.lifecycle.optional(),
  pipeline: particulars.pipeline.optional(),
  workflow: particulars.workflow.optional(),
  authMethods: particulars.authMethods.optional(),
  upstream: particulars.upstream.optional(),
  downstream: particulars.downstream.optional(),
  revocationProcedure: particulars.revocationProcedure.optional(),
  expiresAt: particulars.expiresAt.optional(),
  reviewAt: particulars.reviewAt.optional(),
  tags: tags.optional(),
}

const Wanted = z.strictObject(changeFields)
/** The wanted values of a change. */
export type IdentityChange = z.infer<typeof Wanted>

const text = z.string()

/** An identity as callers see it. */
export const IdentityView = z.object({
  id: text,
  name: text,
  kind: z.enum(KINDS),
  state: z.enum(STATES),
  stateReason: text.nullable(),
  stateAt: text,
  tier: z.enum(['low', 'medium', 'high']),
  classification: z.object({
    functions: z.array(z.enum(FUNCTIONS)),
    boundary: z.enum(BOUNDARIES),
    blastRadius: z.enum(BLAST_RADII).describe('as declared'),
    effectiveBlastRadius: z.enum(BLAST_RADII).describe('the larger of what is declared and what is granted'),
  }),
  owner: z.object({ id: text, name: text, state: z.enum(['active', 'quarantined']) }),
  purpose: text,
  environment: text,
  lifecycle: z.enum(LIFECYCLES),
  pipeline: text.nullable(),
  workflow: z.object({ name: text, repository: text.nullable() }).nullable(),
  parent: text.nullable(),
  authMethods: z.array(text),
  upstream: z.array(text),
  downstream: z.array(text),
  revocationProcedure: text.nullable(),
  tags: z.record(text, text),
  createdBy: text.nullable(),
  createdAt: text,
  approvedBy: text.nullable().describe('the approval it was activated with; null where its tier asks for none'),
  expiresAt: text,
  reviewAt: text,
  lastUsedAt: text.nullable(),
  revision: z.number().int(),
})
export type IdentityView = z.infer<typeof IdentityView>

/** What callers see of an identity and its owner. */
export const viewOf = (identity: Identity, owner: Team | undefined): IdentityView => ({
  id: identity.id,
  name: identity.name,
  kind: identity.kind,
  state: identity.state,
  stateReason: identity.stateReason,
  stateAt: identity.stateAt.toISOString(),
  tier: identity.tier,
  classification: {
    functions: [...identity.classification.functions],
    boundary: identity.classification.boundary,
    blastRadius: identity.classification.blastRadius,
    effectiveBlastRadius: identity.effectiveBlastRadius,
  },
  owner: { id: identity.ownerId, name: owner?.name ?? identity.ownerId, state: owner?.state ?? 'active' },
  purpose: identity.purpose,
  environment: identity.environment,
  lifecycle: identity.lifecycle,
  pipeline: identity.pipeline,
  workflow: identity.workflow,
  parent: identity.parentId,
  authMethods: [...identity.authMethods],
  upstream: [...identity.upstream],
  downstream: [...identity.downstream],
  revocationProcedure: identity.revocationProcedure,
  tags: identity.tags,
  createdBy: identity.createdBy,
  createdAt: identity.createdAt.toISOString(),
  approvedBy: identity.approvedBy,
  expiresAt: identity.expires.at.toISOString(),
  reviewAt: identity.review.at.toISOString(),
  lastUsedAt: identity.lastUsedAt?.toISOString() ?? null,
  revision: identity.revision,
})
