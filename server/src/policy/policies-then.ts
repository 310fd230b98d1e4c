import type { Handle } from '../kit/database.ts'
import type { SourcePolicy } from './engine/index.ts'
import type { PolicySet } from './explain.ts'
import { sourcesOf } from './memory/base.ts'
import { grantOfPolicy, grantSources } from './memory/grant-sources.ts'
import type { PolicyMemory } from './memory.ts'
import type { PolicyTables } from './schema.ts'
import { findGrant } from './store-grant.ts'
import { textsOfRevision } from './store-set.ts'

/** The named policies as they were in a revision: its texts, and grants that may have ended since. */
export const policiesThen = async (
  db: Handle<PolicyTables>,
  memory: PolicyMemory,
  revision: string,
  ids: readonly string[],
): Promise<PolicySet> => {
  const then = new Map<string, SourcePolicy>()
  const isNow = revision === memory.base().revision
  const texts = isNow ? undefined : await textsOfRevision(db, revision)
  for (const source of sourcesOf(texts ?? []).sources) then.set(source.id, source)
  for (const id of ids.filter((each) => each.startsWith('grt_') && memory.trial().get(each) === undefined)) {
    const grant = await findGrant(db, grantOfPolicy(id))
    const policies = grant === undefined ? [] : grantSources(grant, memory.base()).policies
    for (const policy of policies) then.set(policy.id, policy)
  }
  return { get: (id) => then.get(id) ?? memory.trial().get(id) }
}
