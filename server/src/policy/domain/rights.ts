import type { Reach } from './reach.ts'
import { type Effect, isSensitive } from './resource.ts'

/** What an identity can really do, summed over everything it reaches. */
export interface Rights {
  readonly writes: boolean
  readonly isPrivileged: boolean
  readonly impersonates: boolean
  readonly writesSensitiveProduction: boolean
  readonly writesProduction: boolean
  readonly readsSensitive: boolean
}

/** Sums a reach; whatever is not reading counts as writing. `isProduction` tells which environments are production. */
export const rightsOver = (reach: readonly Reach[], isProduction: (environment: string) => boolean): Rights => {
  const has = (test: (effect: Effect, on: Reach['resource']) => boolean): boolean =>
    reach.some(({ resource, actions }) => actions.some(({ effect }) => test(effect, resource)))
  const inProduction = (on: Reach['resource']) => isProduction(on.environment)
  return {
    writes: has((effect) => effect !== 'read'),
    isPrivileged: has((effect) => effect === 'privileged'),
    impersonates: has((effect) => effect === 'impersonate'),
    writesProduction: has((effect, on) => effect !== 'read' && inProduction(on)),
    writesSensitiveProduction: has(
      (effect, on) => effect !== 'read' && inProduction(on) && (isSensitive(on.sensitivity) || on.isCustomerFacing),
    ),
    readsSensitive: has((_, on) => isSensitive(on.sensitivity)),
  }
}
