import { z } from 'zod'
import { Line, Moment } from '../../kit/text.ts'
import { ActionName, Reference } from '../shapes.ts'

const EFFECTS = z.enum(['read', 'write', 'privileged', 'impersonate'])
const Short = Line(100)

/** What a request would be made with; what is left out is not known. */
const TestContext = z.strictObject({
  sourceIp: z.union([z.ipv4(), z.ipv6()]).optional(),
  sourceRegion: Line(50).optional(),
  credentialKind: Line(50).optional(),
  credentialCreatedAt: Moment.optional().describe('when the credential was made'),
  instance: Line(200).optional(),
  isSenderConstrained: z.boolean().optional().describe('whether the token is bound to a key; not, when left out'),
  risk: z.number().int().min(0).max(100).optional().describe('what is open against the identity; 0, when left out'),
  approval: Line(100).optional().describe('in place of the approval under which the actions were granted'),
  workflow: z.strictObject({ name: Line(200), repository: Line(200).optional() }).optional(),
  at: Moment.optional().describe('the moment of the request; now, when left out'),
})

/** One request and its answer. */
export const CaseInput = z.strictObject({
  name: Line(200).optional(),
  identity: Reference,
  action: ActionName,
  resource: Reference,
  context: TestContext.default({}),
  tags: z.record(Short, Line(200)).default({}).describe('in place of those that the identity has under these names'),
  expect: z.enum(['allow', 'deny']),
  policies: z
    .array(Line(200))
    .max(20)
    .optional()
    .describe('who must have decided it: the id of a policy, `grant NAME`, or the name of an invariant'),
  missing: z.array(Line(200)).max(20).optional().describe('what must have been missing'),
})
/** One request and its answer. */
export type CaseInput = z.infer<typeof CaseInput>

/** What may never be, whatever the request: over all identities of the register, and all actions of all resources. */
export const PropertyInput = z.strictObject({
  name: Line(200),
  never: z.strictObject({
    identity: z
      .strictObject({
        name: Reference.optional(),
        environment: Line(40).optional(),
        kind: Short.optional(),
        owner: Short.optional(),
      })
      .default({}),
    actions: z.array(ActionName).min(1).max(100).optional(),
    effects: z.array(EFFECTS).min(1).max(4).optional(),
    resource: z
      .strictObject({
        name: Reference.optional(),
        environment: Line(40).optional(),
        sensitivity: Short.optional(),
      })
      .default({}),
  }),
})
/** What may never be. */
export type PropertyInput = z.infer<typeof PropertyInput>

/** A test of a directory. */
export const AccessTest = z.union([CaseInput, PropertyInput])
/** A test of a directory. */
export type AccessTest = z.infer<typeof AccessTest>
