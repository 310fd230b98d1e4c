import { type Engine, policyAnnotations, type SourcePolicy } from '../engine/index.ts'
import type { PolicyMemory } from '../memory.ts'
import type { Answered } from './judge-question.ts'

/** What policies ask of whoever enforces the decision, and what they say to people, by their annotations. */
export interface Told {
  /** `@obligation("…")` of the policies that decided. */
  readonly obligations: readonly { readonly id: string; readonly policy: string }[]
  /** `@stepup("…")` of the forbids that decided: what a stronger authentication would have to reach. */
  readonly acrValues: readonly string[]
  /** `@stepup_amr("…")` of the same. */
  readonly amrValues: readonly string[]
  /** `@reason_admin("…")` and `@reason_user("…")`. */
  readonly reasonsAdmin: readonly string[]
  readonly reasonsUser: readonly string[]
}

/** Reads what the policies that decided say. */
export const toldBy = (memory: PolicyMemory, answered: Answered): Told => {
  const told = answered.policies.map((id) => ({ id, said: annotationsOf(memory.trial(), id) }))
  const all = (name: string): readonly string[] => told.flatMap(({ said }) => said.get(name) ?? [])
  return {
    obligations: told.flatMap(({ id, said }) => {
      const obligation = said.get('obligation')
      return obligation === undefined ? [] : [{ id: obligation, policy: id }]
    }),
    acrValues: answered.isAllowed ? [] : all('stepup'),
    amrValues: answered.isAllowed ? [] : all('stepup_amr'),
    reasonsAdmin: all('reason_admin'),
    reasonsUser: all('reason_user'),
  }
}

const NONE: ReadonlyMap<string, string> = new Map()
const read = new WeakMap<SourcePolicy, ReadonlyMap<string, string>>()

// Most policies say nothing, and parsing one costs more than the decision did.
const annotationsOf = (engine: Engine, id: string): ReadonlyMap<string, string> => {
  const source = engine.get(id)
  if (source === undefined || source.kind !== 'policy') return NONE
  const known = read.get(source)
  if (known !== undefined) return known
  const annotations = SAYS.test(source.text) ? policyAnnotations(source.text) : NONE
  read.set(source, annotations)
  return annotations
}

const SAYS = /@(?:obligation|stepup|stepup_amr|reason_admin|reason_user)\b/
