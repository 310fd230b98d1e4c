import { endsUnder, type LifeRules, type LivingCredential } from './credential-life.ts'
import { judgeProof, type Prover } from './proof-table.ts'

/** Why the tier that an identity has now refuses one of its credentials, whenever that was added; undefined: it does not. */
export const tierRefusal = (
  prover: Prover,
  credential: LivingCredential,
  given: { readonly rules: LifeRules; readonly nowMs: number },
): 'too-old' | 'kind' | undefined => {
  if (endsUnder(credential, given.rules) <= given.nowMs) return 'too-old'
  return !credential.isByException && judgeProof(prover, credential.kind) === 'refused' ? 'kind' : undefined
}
