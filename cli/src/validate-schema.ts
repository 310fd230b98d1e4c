import type { JsonSchema } from './command.ts'
import { answerSchema } from './output-schema.ts'

/** The JSON Schema of what `reeve validate` prints: the server's answer, with what was found out here beside it. */
export const validateSchema = (): JsonSchema => {
  const answer = answerSchema('policy.access.validate')
  const properties = recordOf(answer.properties)
  const problems = recordOf(properties.problems)
  const items = recordOf(problems.items)
  const part = recordOf(recordOf(items.properties).part)
  const parts = Array.isArray(part.enum) ? part.enum : []
  return {
    ...answer,
    required: [...(Array.isArray(answer.required) ? answer.required : []), 'fixes'],
    properties: {
      ...properties,
      problems: {
        ...problems,
        items: {
          ...items,
          properties: { ...recordOf(items.properties), part: { ...part, enum: [...parts, 'workflows'] } },
        },
      },
      fixes: {
        type: 'array',
        description: 'what files of the folder must say for the workflows as they are',
        items: {
          type: 'object',
          required: ['file', 'text'],
          properties: { file: { type: 'string' }, text: { type: 'string' } },
        },
      },
    },
  }
}

const recordOf = (value: unknown): JsonSchema => (typeof value === 'object' && value !== null ? { ...value } : {})
