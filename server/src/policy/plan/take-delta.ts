import type { AnyTx } from '../../kit/database.ts'
import type { DirectoryDone } from '../apply-directory.ts'
import { type AppliedView, type DirectoryInput, declaredTexts } from '../directory.ts'
import type { Delta } from '../domain/plan.ts'
import type { PolicyIdentity, PolicyPorts } from '../room.ts'
import { bundlesByIds } from '../store-bundle.ts'
import { findGrant } from '../store-grant.ts'
import { resourcesByIds } from '../store-resource.ts'

/** What applying left different, read in the transaction in which it was applied. */
export const takeDelta = async (
  tx: AnyTx,
  ports: PolicyPorts,
  input: DirectoryInput,
  done: Pick<DirectoryDone, 'objects' | 'signals' | 'modes'>,
): Promise<Delta<PolicyIdentity>> => {
  const ids = (type: AppliedView['type'], isGone: boolean): readonly string[] =>
    done.objects.flatMap((one) => {
      const isOf = one.type === type && one.verb !== 'unchanged' && one.verb !== 'left'
      return isOf && (one.verb === 'removed') === isGone ? [one.id ?? one.name] : []
    })
  const puts = new Set(ids('policy', false))
  const graded = done.signals.flatMap(({ topic, key }) => (topic === 'identity' ? [key] : []))
  const gone = {
    texts: ids('policy', true),
    resources: ids('resource', true),
    bundles: ids('bundle', true),
    grants: ids('grant', true),
    identities: ids('identity', true),
  }
  const identities: PolicyIdentity[] = []
  for (const id of new Set([...ids('identity', false), ...graded])) {
    const identity = await ports.identities.find(tx, id)
    if (identity !== undefined && !gone.identities.includes(id)) identities.push(identity)
  }
  const grants = []
  for (const id of ids('grant', false)) {
    const grant = await findGrant(tx, id)
    if (grant !== undefined) grants.push(grant)
  }
  return {
    texts: declaredTexts(input).filter(({ name }) => puts.has(name)),
    resources: await inPieces(ids('resource', false), (some) => resourcesByIds(tx, some)),
    bundles: await inPieces(ids('bundle', false), (some) => bundlesByIds(tx, some)),
    grants,
    identities,
    modes: done.modes,
    gone,
  }
}

const PIECE = 500

const inPieces = async <Item>(
  ids: readonly string[],
  read: (ids: readonly string[]) => Promise<readonly Item[]>,
): Promise<readonly Item[]> => {
  const found: Item[] = []
  for (let at = 0; at < ids.length; at += PIECE) found.push(...(await read(ids.slice(at, at + PIECE))))
  return found
}
