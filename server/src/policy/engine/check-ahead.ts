import { checkBySome, type ParsedPolicy, type PolicySchema } from './check-policies.ts'
import { verdictsUnder } from './known-verdicts.ts'
import { isChecked, readPolicy } from './read-policy.ts'
import type { SourcePolicy } from './source-policy.ts'

/**
 * Has what is unknown of these policies parsed and type-checked a few at a time, with everybody else served between.
 * Whoever asks for their verdict then has it at once; a thousand policies take half a second, and nobody waits so long.
 */
export const checkAhead = async (sources: readonly SourcePolicy[], schema: PolicySchema): Promise<void> => {
  const known = verdictsUnder(schema)
  const unknown = sources.filter((source) => isChecked(source) && known.of(source) === undefined)
  const parsed: ParsedPolicy[] = []
  for (const [at, source] of unknown.entries()) {
    if (at % READ_AT_ONCE === READ_AT_ONCE - 1) await othersServed()
    const read = readPolicy(source)
    if (!('problem' in read)) parsed.push({ source, est: read.est })
  }
  for (const _ of checkBySome(parsed, schema)) await othersServed()
}

// Those that are not like any other take 0.2 ms each.
const READ_AT_ONCE = 100

const othersServed = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
