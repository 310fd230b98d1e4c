import type { JsonSchema } from './command.ts'
import { answerSchema } from './output-schema.ts'

/** The JSON Schema of what `reeve least-privilege` prints: the answer of the operation, and the patch. */
export const leastPrivilegeSchema = (): JsonSchema => {
  const answer = answerSchema('policy.access.tighten')
  const { properties, required, ...rest } = Object(answer)
  return {
    ...rest,
    required: [...(Array.isArray(required) ? required : []), 'patch', 'notDeclared'],
    properties: {
      ...Object(properties),
      patch: { type: ['string', 'null'], description: 'a unified diff of the folder; null without one' },
      notDeclared: { type: 'array', items: { type: 'string' }, description: 'what no file of the folder declares' },
    },
  }
}
