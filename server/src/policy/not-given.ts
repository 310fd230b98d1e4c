import { possibilityOf } from '@reeve/cedar'
import { requestAt } from './decide/judge-recorded.ts'
import type { Judgement } from './decide/judgement.ts'
import type { RecordedRequest } from './decide/recorded-request.ts'
import { type ReadPolicy, readSource } from './engine/index.ts'
import type { Imagined } from './judge-now.ts'
import type { PolicyMemory } from './memory.ts'
import { registerWorld } from './plan/register-world.ts'

const FACTS = [
  'sourceIp',
  'sourceRegion',
  'credentialKind',
  'credentialCreatedAt',
  'instance',
  'isSenderConstrained',
] as const

/**
 * What may be said of an imagined request, was not, and may turn the answer: what the permits look at that nearly held
 * where nothing permits it, the forbids that refuse it where all of them look at such a fact, and where it is allowed the
 * forbids that such a fact may bring.
 */
export const notGiven = (
  memory: Pick<PolicyMemory, 'trial'>,
  judged: Judgement,
  request: RecordedRequest,
  given: { readonly action: string; readonly at: Date; readonly imagined: Imagined },
): readonly string[] => {
  const open = FACTS.filter((fact) => given.imagined[fact] === undefined)
  const asked = memory.trial().inScope(requestAt(request, given.action, given.at))
  const world = registerWorld(asked.request, asked.request.entities)
  const factsOf = ({ paths, source }: ReadPolicy): readonly string[] => {
    const facts = open.filter((fact) => paths.some(({ root, steps }) => root === 'context' && steps[0]?.name === fact))
    const est = facts.length === 0 ? undefined : readSource(source.text)
    return est !== undefined && possibilityOf(est.conditions, world) === 'sometimes' ? facts : []
  }
  const of = (effect: ReadPolicy['effect']) => asked.policies.filter((policy) => policy.effect === effect)
  const deciding = of('forbid').filter(({ id }) => judged.policies.includes(id))
  const looked = judged.isAllowed ? of('forbid') : deciding.length > 0 ? deciding : of('permit')
  const facts = looked.map(factsOf)
  // An invariant, or a forbid that stands whatever the request brings, leaves nothing open.
  const isSettled = judged.isAllowed
    ? false
    : deciding.length > 0
      ? facts.some(({ length }) => length === 0)
      : judged.policies.length > 0
  return isSettled ? [] : FACTS.filter((fact) => facts.some((some) => some.includes(fact)))
}
