import { wireSchema } from '../edge/http/openapi.ts'
import type { Operation } from '../kit/operation.ts'
import { typeText } from './type-text.ts'

const GENERATED = "// Generated from the server's operations by `npm run generate`; a test fails when it is stale.\n"

/** The source of sdk/src/client/operations.gen.ts: all that a client must know of the operations at run time. */
export const operationsSource = (operations: readonly Operation[]): string => `${GENERATED}
/** Every operation of the server, and whether it reads or writes. */
export const OPERATIONS: Readonly<Record<string, 'read' | 'write'>> = {
${byName(operations)
  .map(({ name, effect }) => `  '${name}': '${effect}',`)
  .join('\n')}
}
`

/** The source of sdk/src/client/operation-types.gen.ts: input and output of every operation, and the methods. */
export const operationTypesSource = (operations: readonly Operation[]): string => `${GENERATED}
/** Input and output of every operation. */
export interface OperationTypes {
${byName(operations).map(typesOf).join('\n')}
}

interface Call {
  readonly signal?: AbortSignal
  readonly idempotencyKey?: string
}

/** The operations as methods. */
export interface Namespaces {
${namespaces(byName(operations))}
}
`

const byName = (operations: readonly Operation[]): readonly Operation[] =>
  [...operations].sort((a, b) => (a.name < b.name ? -1 : 1))

const typesOf = (operation: Operation): string =>
  `  '${operation.name}': { input: ${typeText(wireSchema(operation.input, 'input'))}; output: ${typeText(wireSchema(operation.output, 'output'))} }`

const namespaces = (operations: readonly Operation[]): string => {
  const rooms = Map.groupBy(operations, (operation) => operation.name.split('.')[0] ?? '')
  return [...rooms]
    .map(([room, own]) => {
      const nouns = Map.groupBy(own, (operation) => operation.name.split('.')[1] ?? '')
      const members = [...nouns].map(([noun, verbs]) => `    ${noun}: {\n${verbs.map(method).join('\n')}\n    }`)
      return `  readonly ${room}: {\n${members.join('\n')}\n  }`
    })
    .join('\n')
}

const method = (operation: Operation): string => {
  const verb = operation.name.split('.')[2] ?? ''
  const types = `OperationTypes['${operation.name}']`
  const { required } = wireSchema(operation.input, 'input')
  const mayBeLeftOut = Array.isArray(required) && required.length > 0 ? '' : '?'
  return `      /** ${operation.summary.replaceAll('*/', '')} */\n      ${verb}(input${mayBeLeftOut}: ${types}['input'], call?: Call): Promise<${types}['output']>`
}
