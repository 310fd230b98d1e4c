import type { Handle } from './database.ts'
import { type KekSource, type KeyWrapper, WrongKey } from './key-wrapper.ts'
import type { KitTables } from './schema.ts'
import type { Binding } from './seal-box.ts'

/** A data key, opened: what seals and opens. */
export interface DataKey {
  readonly id: string
  readonly key: Buffer
  /** Which key-encryption key wraps it; null: it was stored before that was written down. */
  readonly kek: string | null
  readonly wrapped: string
  /** From when on it seals: every replica has it by then. */
  readonly usableFromMs: number
}

/** The living data keys, oldest first, opened by whichever key wraps them. Throws `WrongKey`, `KeyUnavailable`. */
export const readDataKeys = async (
  db: Handle<KitTables>,
  kek: Pick<KekSource, 'find' | 'old'>,
  known: ReadonlyMap<string, DataKey> = new Map(),
): Promise<readonly DataKey[]> => {
  const stored = await db.selectFrom('kit_data_key').selectAll().execute()
  // Whether the key is right is asked before the migration that added what may be missing here.
  const rows: readonly Partial<(typeof stored)[number]>[] = stored.toSorted(inOrder)
  let wrappers: readonly KeyWrapper[] | undefined
  const keys: DataKey[] = []
  for (const { id = '', wrapped = '', kek: wrappedBy = null, usable_from = 0, retired_at = null } of rows) {
    if (retired_at !== null) continue
    const held = known.get(id)?.key
    wrappers ??= held === undefined ? await allWrappers(kek) : undefined
    const key = held ?? (await unwrap(wrappers ?? [], { wrapped, wrappedBy }, dataKeyBinding(id)))
    keys.push({ id, key, kek: wrappedBy, wrapped, usableFromMs: usable_from })
  }
  return keys
}

/** The first one first, whatever its moment. */
const inOrder = (one: Partial<Dated>, other: Partial<Dated>): number =>
  (one.usable_from ?? 0) - (other.usable_from ?? 0) || (one.created_at ?? 0) - (other.created_at ?? 0)

type Dated = Pick<KitTables['kit_data_key'], 'usable_from' | 'created_at'>

/** The key-encryption key of now. Throws `WrongKey` when there is none. */
export const currentWrapper = async (kek: Pick<KekSource, 'find'>): Promise<KeyWrapper> => {
  const found = await kek.find()
  if (found === undefined) throw new WrongKey(MISSING)
  return found
}

/** Where a data key stands. */
export const dataKeyBinding = (id: string): Binding => ({ table: 'kit_data_key', row: id, column: 'wrapped' })

const allWrappers = async (kek: Pick<KekSource, 'find' | 'old'>): Promise<readonly KeyWrapper[]> => [
  await currentWrapper(kek),
  ...(await kek.old()),
]

const unwrap = async (
  wrappers: readonly KeyWrapper[],
  { wrapped, wrappedBy }: { readonly wrapped: string; readonly wrappedBy: string | null },
  at: Binding,
): Promise<Buffer> => {
  const named = wrappers.filter(({ id }) => wrappedBy === null || id === wrappedBy)
  // None has this name: the one of now says what is wrong with it.
  let wrong: unknown
  for (const wrapper of named.length > 0 ? named : wrappers.slice(0, 1))
    try {
      return await wrapper.unwrap(wrapped, at)
    } catch (error) {
      if (!(error instanceof WrongKey)) throw error
      wrong ??= error
    }
  throw wrong
}

const MISSING =
  'the key-encryption key is missing, and nothing was written: put it back where it was, or name it by REEVE_KEK, REEVE_KEK_FILE or REEVE_KEK_URI, and start again'
