import type { JsonSchema } from './command.ts'
import { answerSchema } from './output-schema.ts'

/** The JSON Schema of a plan: what the operations behind it answer, put together. */
export const planSchema = (): JsonSchema => {
  const [made, compared, page, review] = ['plan', 'compare', 'replay', 'validate'].map((verb) =>
    answerSchema(`policy.access.${verb}`),
  )
  const ofPage = propertiesOf(page)
  const reportOnly = ofPage.reportOnly ?? {}
  const count = { type: 'integer', minimum: 0 }
  return {
    type: 'object',
    required: [...requiredOf(made), 'access', 'lints', 'replay', 'reportOnly'],
    properties: {
      ...propertiesOf(made),
      access: compared ?? {},
      lints: propertiesOf(review).lints ?? {},
      replay: {
        type: 'object',
        required: ['days', 'decisions', 'decided', 'flips', 'unreplayed'],
        properties: {
          days: count,
          decisions: count,
          decided: count,
          flips: ofPage.flips ?? {},
          unreplayed: ofPage.unreplayed ?? {},
        },
      },
      reportOnly: withCleanDays(reportOnly),
    },
  }
}

const withCleanDays = (list: JsonSchema): JsonSchema => {
  const items = recordOf(list.items)
  const { additionalProperties: _, ...rest } = items
  const properties = { ...propertiesOf(items), cleanDays: { type: 'integer', minimum: 0 } }
  return { ...list, items: { ...rest, required: [...requiredOf(items), 'cleanDays'], properties } }
}

const propertiesOf = (schema: JsonSchema | undefined): Readonly<Record<string, JsonSchema>> =>
  Object.fromEntries(Object.entries(recordOf(schema?.properties)).map(([name, of]) => [name, recordOf(of)]))

const requiredOf = (schema: JsonSchema | undefined): readonly string[] =>
  Array.isArray(schema?.required) ? schema.required.map(String) : []

const recordOf = (value: unknown): JsonSchema => (typeof value === 'object' && value !== null ? { ...value } : {})
