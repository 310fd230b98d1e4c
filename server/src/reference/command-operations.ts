import { wireSchema } from '../edge/http/openapi.ts'
import type { Operation } from '../kit/operation.ts'

/**
 * The text of cli/src/operations.gen.json: what the CLI derives its commands from. Only what a person may call with a
 * session is in it: the CLI logs in people.
 */
export const commandOperations = (operations: readonly Operation[]): string =>
  listText(
    forPeople(operations).map(({ name, summary, effect, input }) => ({
      name,
      summary,
      effect,
      input: wireSchema(input, 'input'),
    })),
  )

/** The text of cli/src/outputs.gen.json: the schema of what each of these operations answers. */
export const commandOutputs = (operations: readonly Operation[]): string =>
  listText(forPeople(operations).map(({ name, output }) => ({ name, output: wireSchema(output, 'output') })))

const forPeople = (operations: readonly Operation[]): readonly Operation[] =>
  operations
    .filter((operation) => operation.principals.includes('human'))
    .sort((one, other) => (one.name < other.name ? -1 : 1))

const listText = (items: readonly unknown[]): string =>
  `[\n${items.map((item) => JSON.stringify(item)).join(',\n')}\n]\n`
