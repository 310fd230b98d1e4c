import { readFileSync } from 'node:fs'
import type { JsonSchema } from './command.ts'

/** An operation that a person may call, as the server's generator lists it. */
export interface ListedOperation {
  readonly name: string
  readonly summary: string
  readonly effect: 'read' | 'write'
  /** The JSON Schema of its input. */
  readonly input: JsonSchema
}

let listed: readonly ListedOperation[] | undefined

/** Every operation that a person may call; read at the first question, because most commands do not ask. */
export const listedOperations = (): readonly ListedOperation[] => {
  if (listed !== undefined) return listed
  const read: readonly ListedOperation[] = JSON.parse(
    readFileSync(new URL('./operations.gen.json', import.meta.url), 'utf8'),
  )
  listed = read
  return read
}
