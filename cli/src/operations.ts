import { readFileSync } from 'node:fs'

/** An operation that a person may call, as the server's generator lists it. */
export interface ListedOperation {
  readonly name: string
  readonly summary: string
  readonly effect: 'read' | 'write'
  /** The JSON Schema of its input. */
  readonly input: Readonly<Record<string, unknown>>
}

let listed: readonly ListedOperation[] | undefined

/** Every operation that a person may call; read at the first question, because most commands do not ask. */
export const listedOperations = (): readonly ListedOperation[] => {
  listed ??= JSON.parse(readFileSync(new URL('./operations.gen.json', import.meta.url), 'utf8')) satisfies unknown
  return listed ?? []
}
