import { z } from 'zod'
import { Line } from '../kit/text.ts'
import { VALUE_TYPES } from './domain/application.ts'
import { ActionName, Environment, Reference } from './shapes.ts'

// The application's name is a namespace of Cedar, and a type's name stands in it: both are its identifiers.
const Namespace = z
  .string()
  .max(40)
  .regex(/^(?!reeve$|cedar$|__cedar$)[a-z][a-z0-9_]{1,39}$/i, 'is a word of letters, digits and underscores, not reeve')
const TypeName = z
  .string()
  .max(60)
  .regex(
    /^(?!(?:Action|Context|identity|resource|true|false|if|then|else|in|is|like|has)$)[A-Za-z][A-Za-z0-9_]{0,59}$/,
    'is a word of letters, digits and underscores, neither identity nor resource, which are registered things',
  )
const Word = z
  .string()
  .max(60)
  .regex(/^[a-zA-Z][A-Za-z0-9_]{0,59}$/, 'is a word of letters, digits and underscores')
const Types = z.record(Word, z.enum(VALUE_TYPES))
const Value = z.union([z.string().max(1000), z.number(), z.boolean(), z.array(z.string().max(1000)).max(200)])

const typeFields = {
  type: TypeName,
  attributes: Types.default({}).describe('what only the register says of a thing'),
  stated: Types.default({}).describe('what a caller may say of a thing where the register does not'),
  isOpen: z.boolean().default(false).describe('whether things that are not registered are decided on too'),
  entities: z
    .array(z.strictObject({ id: Line(300), attributes: z.record(Word, Value).default({}) }))
    .max(5_000)
    .default([]),
}
const ActionInput = z.strictObject({
  name: ActionName,
  effect: z.enum(['read', 'write', 'privileged', 'impersonate']),
  facts: Types.default({}).describe('what a caller may say of how it is done; policies read context.request'),
})

/** What is said of an application. */
export const ApplicationInput = z.strictObject({
  name: Namespace,
  environment: Environment,
  askedBy: z.array(Reference).max(50).default([]).describe('identities that may ask about it, by id or name'),
  subjects: z.array(z.strictObject(typeFields)).max(50).default([]),
  resources: z
    .array(
      z.strictObject({
        ...typeFields,
        sensitivity: z
          .enum(['public', 'internal', 'confidential', 'regulated'])
          .default('internal')
          .describe('how much harm the wrong hands could do with what these things hold'),
        actions: z.array(ActionInput).min(1).max(200),
      }),
    )
    .min(1)
    .max(50),
})
/** What is said of an application. */
export type ApplicationInput = z.infer<typeof ApplicationInput>

/** An application as it is stored and answered. */
export const ApplicationView = ApplicationInput.extend({
  id: z.string(),
  directory: z.string().nullable(),
})
