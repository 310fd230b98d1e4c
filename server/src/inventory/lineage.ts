import type { Transaction } from 'kysely'
import { coreFault } from '../kit/fault.ts'
import type { Identity } from './domain/identity.ts'
import { CHILDREN_MAX, DEPTH_MAX, exceedsParent } from './domain/lineage.ts'
import { fault } from './faults.ts'
import type { InventoryTables } from './schema.ts'
import { findIdentity, livingChildren, lockIdentity, updateIdentity } from './store-identity.ts'
import { findTeam } from './store-team.ts'

type Tx = Transaction<InventoryTables>

/** The parent of what is about to be created: the one that is named, and for a calling identity always itself. */
export const ancestryOf = async (
  tx: Tx,
  named: string | undefined,
  spawner: string | null,
): Promise<Identity | undefined> => {
  const wanted = named ?? spawner
  if (wanted === null || wanted === undefined) return undefined
  const found = await findIdentity(tx, wanted)
  if (found === undefined) throw coreFault('not_found', { about: `parent ${wanted}` })
  if (spawner !== null && found.id !== spawner) throw fault('parent_not_caller')
  // Locked, so that two children that are created at once are counted one after the other.
  const parent = await lockIdentity(tx, found.id)
  const team = await findTeam(tx, found.ownerId)
  if (parent?.state !== 'active' || team?.state !== 'active')
    throw fault('wrong_state', { about: `the parent is ${parent?.state === 'active' ? team?.state : parent?.state}` })
  return parent
}

/** Refuses a child that exceeds its parent, or is one too many or too deep. */
export const fitsParent = async (tx: Tx, parent: Identity, child: Identity): Promise<void> => {
  refuseExcess(parent, child)
  const children = await livingChildren(tx, parent.id, CHILDREN_MAX)
  if (children.length >= CHILDREN_MAX) throw fault('children_capped', { about: `${CHILDREN_MAX} children at most` })
  let depth = 1
  for (let above: Identity | undefined = parent; above !== undefined && above.parentId !== null; depth++)
    above = await findIdentity(tx, above.parentId)
  if (depth > DEPTH_MAX) throw fault('children_capped', { about: `${DEPTH_MAX} generations at most` })
}

/** Refuses what became of a child where that exceeds its parent. */
export const staysWithinParent = async (tx: Tx, child: Identity): Promise<void> => {
  if (child.parentId === null) return
  const parent = await findIdentity(tx, child.parentId)
  if (parent !== undefined) refuseExcess(parent, child)
}

/** After a parent changed: its descendants get its owner and no later expiry. Answers whom that changed. */
export const bringChildrenAlong = async (tx: Tx, parent: Identity): Promise<readonly Identity[]> => {
  const changed: Identity[] = []
  for (const { id } of await livingChildren(tx, parent.id, CHILDREN_MAX)) {
    const before = await lockIdentity(tx, id)
    if (before === undefined) continue
    const isLater = before.expires.at > parent.expires.at
    const after = { ...before, ownerId: parent.ownerId, expires: isLater ? parent.expires : before.expires }
    if (after.ownerId === before.ownerId && !isLater) continue
    refuseExcess(parent, after)
    await updateIdentity(tx, before, after)
    changed.push(after, ...(await bringChildrenAlong(tx, after)))
  }
  return changed
}

/** All living descendants, the nearest first. */
export const descendantsOf = async (tx: Tx, identity: Identity): Promise<readonly Identity[]> => {
  const children = await livingChildren(tx, identity.id, CHILDREN_MAX)
  const below: Identity[] = []
  for (const child of children) below.push(...(await descendantsOf(tx, child)))
  return [...children, ...below]
}

const refuseExcess = (parent: Identity, child: Identity): void => {
  const excess = exceedsParent(parent, {
    ownerId: child.ownerId,
    environment: child.environment,
    blastRadius: child.effectiveBlastRadius,
    expiresAt: child.expires.at,
  })
  if (excess === undefined) return
  throw fault('exceeds_parent', {
    about: `${child.name}: ${excess.detail}`,
    places: [{ pointer: `/${excess.field.replaceAll('.', '/')}`, detail: excess.detail }],
  })
}
