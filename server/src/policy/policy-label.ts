import type { Grant } from './domain/grant.ts'
import { SEPARATION } from './domain/separation.ts'
import { grantOfPolicy, isSeparation } from './memory/grant-sources.ts'

/** What people call a policy: a grant by its name, as long as it is among these; anything else by its id. */
export const policyLabel = (id: string, grants: readonly Pick<Grant, 'id' | 'name'>[]): string => {
  const grant = grants.find((one) => one.id === grantOfPolicy(id))
  if (grant === undefined) return id
  return `grant ${grant.name}${isSeparation(id) ? ` (${SEPARATION})` : ''}`
}
