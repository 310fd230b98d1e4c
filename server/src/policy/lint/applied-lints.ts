import type { AnyTx } from '../../kit/database.ts'
import type { DirectoryDone } from '../apply-directory.ts'
import type { PolicyIdentity, PolicyPorts } from '../room.ts'
import { appliedSide } from '../testing/applied-side.ts'
import type { Origins } from '../testing/test-directory.ts'
import type { LintView } from './access-lint.ts'
import { lintGrants } from './grant-lints.ts'

/** What there is to say of the grants and bundles of a directory, in the transaction in which it was applied. */
export const appliedLints = async (
  tx: AnyTx,
  ports: PolicyPorts,
  { objects }: Pick<DirectoryDone, 'objects'>,
  given: { readonly origins: Origins; readonly now: Date },
): Promise<readonly LintView[]> => {
  const side = await appliedSide(tx, ports)
  const byId = new Map([...side.holders()].flatMap((holder) => side.grants(holder)).map((grant) => [grant.id, grant]))
  const found = <Value>(type: 'grant' | 'bundle', find: (id: string) => Value | undefined) =>
    objects.flatMap(({ type: of, id, name, at }) => {
      const value = of === type && id !== null && at !== null ? find(id) : undefined
      if (value === undefined || at === null) return []
      return [{ value, name: `${type} ${name}`, place: given.origins[`${type}s`]?.[at] ?? null }]
    })
  const grants = found('grant', (id) => byId.get(id))
  const bundles = found('bundle', side.base().bundle)
  const holders = new Map<string, PolicyIdentity>()
  for (const id of new Set(grants.map(({ value }) => value.identity))) {
    const identity = await ports.identities.find(tx, id)
    if (identity !== undefined) holders.set(id, identity)
  }
  return lintGrants(side, { grants, bundles, holders, knowsRegions: ports.knowsRegions }, given.now)
}
