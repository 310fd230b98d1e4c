import { type Obligation, obligationsOf } from '@reeve/cedar'
import { type Engine, policyAnnotations, type SourcePolicy } from './engine/index.ts'
import type { PolicyMemory } from './memory.ts'

/** What policies ask of whoever enforces the decision, and what they say to people, by their annotations. */
export interface Told {
  readonly obligations: readonly Obligation[]
  /** `@reason_admin("…")` and `@reason_user("…")`. */
  readonly reasonsAdmin: readonly string[]
  readonly reasonsUser: readonly string[]
}

/** Reads what the policies that decided say. */
export const toldBy = (
  memory: Pick<PolicyMemory, 'trial'>,
  { policies, isAllowed }: { readonly policies: readonly string[]; readonly isAllowed: boolean },
): Told => {
  const engine = memory.trial()
  if (policies.every((id) => annotationsOf(engine, id) === NONE)) return NOTHING
  const told = policies.map((id) => ({ id, said: annotationsOf(engine, id) }))
  const all = (name: string): readonly string[] => told.flatMap(({ said }) => said[name] ?? [])
  return {
    obligations: told.flatMap(({ id, said }) => obligationsOf(id, said, isAllowed)),
    reasonsAdmin: all('reason_admin'),
    reasonsUser: all('reason_user'),
  }
}

const NOTHING: Told = { obligations: [], reasonsAdmin: [], reasonsUser: [] }
const NONE: Readonly<Record<string, string>> = {}
const read = new WeakMap<SourcePolicy, Readonly<Record<string, string>>>()

// Most policies say nothing, and parsing one costs more than the decision did.
const annotationsOf = (engine: Engine, id: string): Readonly<Record<string, string>> => {
  const source = engine.get(id)
  if (source === undefined || source.kind !== 'policy') return NONE
  const known = read.get(source)
  if (known !== undefined) return known
  const annotations = SAYS.test(source.text) ? Object.fromEntries(policyAnnotations(source.text)) : NONE
  read.set(source, annotations)
  return annotations
}

const SAYS = /@(?:obligation|stepup|stepup_amr|stepup_max_age|reason_admin|reason_user)\b/
