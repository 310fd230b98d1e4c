import type { Random } from '../kit/random.ts'
import { createDelegationDecider, type DelegationQuestion, type DelegationVerdict } from './decide/decide-delegation.ts'
import { createTokenDecider, type TokenQuestion, type TokenVerdict } from './decide/decide-token.ts'
import type { DetailType } from './domain/detail-type.ts'
import type { Resource } from './domain/resource.ts'
import type { PolicyMemory } from './memory.ts'

/** A resource as tokens name it. */
export interface TokenResource {
  readonly id: string
  readonly name: string
  readonly uri: string
  readonly environment: string
  readonly actions: readonly string[]
  readonly algorithm: Resource['algorithm']
  readonly statusList: boolean
  readonly isAuthorizationServer: boolean
  readonly detailTypes: readonly DetailType[]
  readonly tagClaims: Resource['tagClaims']
  readonly awsSessionTags: Resource['awsSessionTags']
  readonly servedBy: readonly string[]
  readonly owner: string | null
}

/** What the broker asks; everything is answered from memory, which `warm` fills. */
export interface Decisions {
  warm(identityId: string): Promise<void> | undefined
  resource(uri: string): TokenResource | undefined
  resourcesServedBy(identityId: string): readonly TokenResource[]
  /** The types of authorization details that any resource takes. */
  detailTypes(): readonly string[]
  decide(question: TokenQuestion): TokenVerdict
  mayActFor(question: DelegationQuestion): DelegationVerdict
}

/** The face that the broker's port is plugged with. */
export const createDecisions = (memory: PolicyMemory, random: Random): Decisions => ({
  warm: (identityId) => memory.warm(identityId),
  resource: (uri) => {
    const resource = memory.base().resourceByUri.get(uri)
    return resource === undefined ? undefined : asTokenResource(resource)
  },
  resourcesServedBy: (identityId) => (memory.base().servedBy.get(identityId) ?? []).map(asTokenResource),
  detailTypes: () => {
    const types = memory.base().stored.resources.flatMap(({ detailTypes }) => detailTypes.map(({ type }) => type))
    return [...new Set(types)].sort()
  },
  decide: createTokenDecider(memory, random),
  mayActFor: createDelegationDecider(memory, random),
})

const known = new WeakMap<Resource, TokenResource>()

// One object a resource: it is asked for with every token.
const asTokenResource = (resource: Resource): TokenResource => {
  const made = known.get(resource)
  if (made !== undefined) return made
  const { isCustomerFacing: _, sensitivity: __, ...named } = resource
  const actions = resource.actions.map((one) => one.name)
  const shaped = { ...named, actions }
  known.set(resource, shaped)
  return shaped
}
