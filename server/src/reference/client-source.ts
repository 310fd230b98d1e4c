import { wireSchema } from '../edge/http/openapi.ts'
import type { Operation } from '../kit/operation.ts'
import { typeText } from './type-text.ts'

/** The source of sdk/src/client/operations.gen.ts: every operation's name, effect, input schema and types. */
export const clientSource = (operations: readonly Operation[]): string => {
  const sorted = [...operations].sort((a, b) => (a.name < b.name ? -1 : 1))
  return `// Generated from the server's operations by \`npm run generate\`; a test fails when it is stale.

/** Every operation with what a client must know of it at run time; \`input\` is its JSON Schema. */
export const OPERATIONS: readonly { readonly name: string; readonly summary: string; readonly effect: 'read' | 'write'; readonly input: Readonly<Record<string, unknown>> }[] = [
${sorted.map(entry).join('\n')}
]

/** Input and output of every operation. */
export interface OperationTypes {
${sorted.map(typesOf).join('\n')}
}

interface Call {
  readonly signal?: AbortSignal
  readonly idempotencyKey?: string
}

/** The operations as methods. */
export interface Namespaces {
${namespaces(sorted)}
}
`
}

const entry = (operation: Operation): string =>
  `  ${JSON.stringify({ name: operation.name, summary: operation.summary, effect: operation.effect, input: wireSchema(operation.input, 'input') })},`

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
  return `      /** ${operation.summary.replaceAll('*/', '')} */\n      ${verb}(input: ${types}['input'], call?: Call): Promise<${types}['output']>`
}
