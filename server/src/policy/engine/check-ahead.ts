import { inTurns } from '../../kit/in-turns.ts'
import { checkBySome, type ParsedPolicy, type PolicySchema } from './check-policies.ts'
import { verdictsUnder } from './known-verdicts.ts'
import { isChecked, readPolicy } from './read-policy.ts'
import type { SourcePolicy } from './source-policy.ts'

/**
 * Has what is unknown of these policies parsed and type-checked a few at a time, with everybody else served between.
 * Whoever asks for their verdict then has it at once; a thousand policies take half a second, and nobody waits so long.
 */
export const checkAhead = (sources: readonly SourcePolicy[], schema: PolicySchema): Promise<void> =>
  inTurns(checking(sources, schema), 1)

function* checking(sources: readonly SourcePolicy[], schema: PolicySchema): Generator<undefined, void> {
  const known = verdictsUnder(schema)
  const parsed: ParsedPolicy[] = []
  let chars = 0
  for (const source of sources) {
    if (!isChecked(source) || known.of(source) !== undefined) continue
    const read = readPolicy(source)
    if (!('problem' in read)) parsed.push({ source, est: read.est })
    chars += source.text.length
    if (chars < READ_CHARS) continue
    yield
    chars = 0
  }
  yield* checkBySome(parsed, schema)
}

// A hundred that are not like any other take 20 ms; what is nothing but numbers takes ten times as long.
const READ_CHARS = 30_000
