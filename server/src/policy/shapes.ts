import { z } from 'zod'
import { WRITTEN } from '../kit/moment.ts'
import { Line } from '../kit/text.ts'
import { WEEKDAYS } from './domain/grant.ts'
import { MODE_KINDS } from './domain/policy-set.ts'
import { AwsSessionTags, TagClaims } from './shapes-tags.ts'

// A unique name of ours; what looks like an id is none.
const Name = z
  .string()
  .max(63)
  .regex(/^(?!res_|bnd_|grt_|nhi_|team_)[a-z0-9][a-z0-9._-]{1,62}$/, 'is 2 to 63 of a-z, 0-9, dot, dash and underscore')

/** An id, a name or a uri: what may stand for one thing. */
export const Reference = Line(300)

/** The name of an action, as `orders.read`. */
export const ActionName = z
  .string()
  .max(100)
  .regex(/^[A-Za-z][A-Za-z0-9._:/-]*$/, 'an action is named like orders.read')

/** A moment, or days from now. */
export const Expiry = z
  .string()
  .max(40)
  .regex(WRITTEN, 'is a date, a time, or days such as 90d')
  .describe('a date, a time, or days from now such as 90d')

/** The approval that a call spends. */
export const ApprovalId = z
  .string()
  .max(100)
  .regex(/^apr_[A-Za-z0-9_-]+$/, 'an approval is named by its id')
  .optional()
  .describe('the id of an approval of this same request')

/** A plan that was made. */
export const PlanId = z
  .string()
  .max(100)
  .regex(/^pln_[A-Za-z0-9_-]+$/, 'a plan is named by its id')

/** The name of an environment. */
export const Environment = z
  .string()
  .max(40)
  .regex(/^\s*[A-Za-z0-9][A-Za-z0-9-]*\s*$/, 'is a short word, such as dev, test, staging or production')

const EFFECTS = ['read', 'write', 'privileged', 'impersonate'] as const
const SENSITIVITIES = ['public', 'internal', 'confidential', 'regulated'] as const
const ALGORITHMS = ['ES256', 'EdDSA', 'RS256', 'PS256'] as const

const DetailFieldInput = z.strictObject({
  kind: z.enum(['text', 'number', 'flag', 'texts']),
  isRequired: z.boolean().default(false),
  oneOf: z.array(Line(200)).min(1).max(50).optional().describe('the only texts there are'),
  min: z.number().int().optional(),
  max: z.number().int().optional(),
})

/** A type of authorization details. */
const DetailTypeInput = z.strictObject({
  type: z
    .string()
    .max(100)
    .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'is a word or a URI'),
  fields: z
    .record(
      z
        .string()
        .max(64)
        .regex(/^[a-z][A-Za-z0-9_]*$/, 'a field is named like amountCents'),
      DetailFieldInput,
    )
    .refine((fields) => Object.keys(fields).length <= 20, 'has at most 20 fields')
    .default({}),
})

/** What is said of a resource. */
export const resourceFields = {
  name: Name,
  uri: z.string().min(1).max(300).describe('absolute; becomes the audience of tokens'),
  environment: Environment,
  sensitivity: z.enum(SENSITIVITIES),
  isCustomerFacing: z.boolean().default(false),
  actions: z
    .array(z.strictObject({ name: ActionName, effect: z.enum(EFFECTS) }))
    .min(1)
    .max(200),
  tokenAlgorithm: z.enum(ALGORITHMS).default('ES256'),
  statusList: z.boolean().default(false).describe('whether its tokens name a status list, for who follows no feed'),
  isAuthorizationServer: z
    .boolean()
    .default(false)
    .describe('whether it is the authorization server of others, by its issuer URL; what is issued for it are grants'),
  detailTypes: z
    .array(DetailTypeInput)
    .max(20)
    .default([])
    .describe('types of authorization details that tokens for it may carry (RFC 9396)'),
  tagClaims: TagClaims.default([]).describe('tags of an identity that its tokens say, and under which claims'),
  awsSessionTags: AwsSessionTags.default([]).describe('of a resource that is AWS: tags that become session tags there'),
  servedBy: z.array(Reference).max(50).default([]).describe('identities that serve it, by id or name'),
  owner: Reference.optional().describe('the team that owns it, by id or name'),
}
/** What is said of a resource, as an object. */
export const ResourceInput = z.strictObject(resourceFields)
/** What is said of a resource. */
export type ResourceInput = z.infer<typeof ResourceInput>

const Actions = z
  .array(z.union([z.literal('*'), ActionName]))
  .min(1)
  .max(200)

/** What is said of a bundle. */
export const bundleFields = {
  name: Name,
  purpose: Line(300),
  matrix: z
    .array(z.strictObject({ resource: Reference, actions: Actions }))
    .min(1)
    .max(200),
}
/** What is said of a bundle, as an object. */
export const BundleInput = z.strictObject(bundleFields)
/** What is said of a bundle. */
export type BundleInput = z.infer<typeof BundleInput>

const Texts = (charsMax: number, max: number) => z.array(Line(charsMax)).min(1).max(max)
const Clock = z
  .string()
  .max(5)
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'is a time of day such as 08:30')

/** Under which conditions a grant holds. */
export const ConditionsInput = z.strictObject({
  sourceNetworks: Texts(50, 64).optional(),
  credentialKinds: Texts(50, 20).optional(),
  instances: Texts(200, 100).optional(),
  regions: z
    .array(
      z
        .string()
        .max(2)
        .regex(/^[A-Z]{2}$/, 'is a country by two capital letters, such as DE'),
    )
    .min(1)
    .max(100)
    .optional()
    .describe('countries of the address, ISO 3166-1; where nobody can say, it does not hold'),
  environments: z.array(Environment).min(1).max(20).optional().describe('of the identity'),
  pipelineStages: Texts(100, 20).optional().describe('of the pipeline that the identity runs in'),
  riskMax: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .describe('the worst open finding: low 25, medium 50, high 75, critical 100'),
  credentialAgeDaysMax: z.int().min(1).max(366).optional().describe('days since the credential was created'),
  timeWindow: z
    .strictObject({ from: Clock, to: Clock, days: z.array(z.enum(WEEKDAYS)).min(1).max(7).optional() })
    .optional(),
})

/** What is said of a grant. */
export const grantFields = {
  identity: Reference,
  bundle: Reference.optional(),
  resource: Reference.optional(),
  actions: Actions.optional(),
  name: Line(100)
    .optional()
    .describe('unique among the live grants of the identity; else the bundle or resource names it'),
  conditions: ConditionsInput.default({}),
  expiresAt: Expiry,
}
/** What is said of a grant, as an object. */
export const GrantInput = z.strictObject(grantFields)
/** What is said of a grant. */
export type GrantInput = z.infer<typeof GrantInput>

// What a reviewer sees has to be what is applied: a line that is turned around, or an end of line that no editor shows.
const SHOWN = /^[^\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]*$/

/** A file of Cedar policies. */
export const PolicyTextInput = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(100)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, 'is a name such as orders'),
  file: z
    .string()
    .min(1)
    .max(150)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._/@#+~-]*$/, 'is a relative path such as policies/orders.cedar'),
  text: z
    .string()
    .max(512 * 1024)
    .regex(SHOWN, 'must not hold characters that are not shown or turn the direction of a line'),
})

/** What kind of thing is report-only. */
export const ModeKindInput = z.enum(MODE_KINDS)

/** A resource as it is answered. */
export const ResourceView = z.object({
  id: z.string(),
  ...resourceFields,
  isCustomerFacing: z.boolean(),
  tokenAlgorithm: z.enum(ALGORITHMS),
  statusList: z.boolean(),
  isAuthorizationServer: z.boolean(),
  detailTypes: resourceFields.detailTypes.unwrap(),
  tagClaims: TagClaims,
  awsSessionTags: AwsSessionTags,
  servedBy: z.array(z.string()),
  owner: z.string().nullable(),
})
/** A bundle as it is answered. */
export const BundleView = z.object({
  id: z.string(),
  name: z.string(),
  purpose: z.string(),
  matrix: z.array(z.object({ resource: z.string(), actions: z.array(z.string()) })),
})
/** A grant as it is answered. */
export const GrantView = z.object({
  id: z.string(),
  identity: z.string(),
  name: z.string(),
  bundle: z.string().nullable(),
  resource: z.string().nullable(),
  actions: z.array(z.string()),
  conditions: z.record(z.string(), z.unknown()),
  expiresAt: z.string(),
  createdAt: z.string(),
  createdBy: z.string().nullable(),
  approval: z.string().nullable(),
  directory: z.string().nullable(),
  endedAt: z.string().nullable(),
  endedReason: z.string().nullable(),
})
