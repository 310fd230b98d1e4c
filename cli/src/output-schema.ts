import { readFileSync } from 'node:fs'
import type { CommandSpec, JsonSchema } from './command.ts'
import { FORMAT_VERSION } from './context.ts'

/** The JSON Schema of what a command prints with --json. */
export const outputSchema = (words: string, { output }: CommandSpec): JsonSchema => {
  const inner = innerSchema(output)
  const { $defs, ...rest } = inner
  const isWhole = '$ref' in inner
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `reeve ${words} --json`,
    ...($defs === undefined ? {} : { $defs }),
    ...(isWhole
      ? rest
      : {
          allOf: [open(rest)],
          type: 'object',
          required: ['formatVersion'],
          properties: { formatVersion: { const: FORMAT_VERSION } },
        }),
  }
}

const innerSchema = (output: CommandSpec['output']): Record<string, unknown> => {
  if ('schema' in output) return output.schema
  if ('operation' in output) return answerSchema(output.operation)
  return { anyOf: output.operations.map((operation) => open(answerSchema(operation))) }
}

// The format version stands beside the answer's own fields.
const open = ({ additionalProperties, ...rest }: Record<string, unknown>): Record<string, unknown> =>
  additionalProperties === false ? rest : additionalProperties === undefined ? rest : { ...rest, additionalProperties }

/** The JSON Schema of what an operation answers. */
export const answerSchema = (operation: string): Record<string, unknown> => {
  const text = readFileSync(new URL('./outputs.gen.json', import.meta.url), 'utf8')
  const outputs: { name: string; output: Record<string, unknown> }[] = JSON.parse(text)
  return outputs.find(({ name }) => name === operation)?.output ?? {}
}
