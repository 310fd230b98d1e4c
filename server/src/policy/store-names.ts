import type { Handle } from '../kit/database.ts'
import type { Grant } from './domain/grant.ts'
import type { PolicyTables } from './schema.ts'
import { bundlesByIds } from './store-bundle.ts'
import { resourcesByIds } from './store-resource.ts'
import type { Names } from './views.ts'

/** The names of what grants give. */
export const grantNames = async (db: Handle<PolicyTables>, grants: readonly Grant[]): Promise<Names> => {
  const bundleIds = grants.flatMap(({ gives }) => ('bundle' in gives ? [gives.bundle] : []))
  const resourceIds = grants.flatMap(({ gives }) => ('bundle' in gives ? [] : [gives.resource]))
  const bundles = new Map((await bundlesByIds(db, [...new Set(bundleIds)])).map((bundle) => [bundle.id, bundle]))
  const resources = new Map((await resourcesByIds(db, [...new Set(resourceIds)])).map((one) => [one.id, one]))
  return { bundle: (id) => bundles.get(id), resource: (id) => resources.get(id) }
}
