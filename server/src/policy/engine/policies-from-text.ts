import { policyPieces } from './policy-text.ts'
import type { SourcePolicy } from './source-policy.ts'

/** Cuts a Cedar file into its policies; each is named by its `@id`, or by the file and its place in it. */
export const policiesFromText = (text: string, file: string, kind: SourcePolicy['kind'] = 'policy'): SourcePolicy[] =>
  policyPieces(text).map((piece, index) => ({
    id: piece.text.match(ID_ANNOTATION)?.[1] ?? `${file}#${index + 1}`,
    text: piece.text,
    origin: { file, line: piece.line },
    kind,
  }))

// Only an id without escapes is taken; `compileEngine` refuses ids with anything unusual in them anyway.
const ID_ANNOTATION = /^(?:\/\/[^\n\r]*[\n\r]\s*|@[a-z_]+(?:\("[^"\\]*"\))?\s*)*?@id\("([^"\\]*)"\)/i
