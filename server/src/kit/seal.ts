import { hkdfSync } from 'node:crypto'
import type { Clock } from './clock.ts'
import { countDataKeyUses, DATA_KEY_USES_MAX } from './data-key-uses.ts'
import { currentWrapper, type DataKey, dataKeyBinding, readDataKeys } from './data-keys.ts'
import type { Database, Handle } from './database.ts'
import { type KekSource, WrongKey } from './key-wrapper.ts'
import type { Random } from './random.ts'
import type { KitTables } from './schema.ts'
import { type Binding, BrokenSeal, decrypt, encrypt, KEY_BYTES } from './seal-box.ts'

/** A data key as it is stored. */
export interface WrappedKey {
  readonly id: string
  readonly wrapped: string
  readonly kek: string
}

/** Seals what must be replayed (AES-256-GCM under a data key, which the key-encryption key wraps). */
export interface Sealer {
  /** Throws where no use of the data key is set aside: see `reserve`. */
  seal(plain: Uint8Array, at: Binding): string
  /** Throws `BrokenSeal` when the text was changed or moved, `WrongKey` when it was sealed under a key that is not here. */
  open(sealed: string, at: Binding): Buffer
  /** 32 bytes for one named purpose, the same on every replica of this database, and for as long as it lives. */
  derive(purpose: string): Buffer
  /** The living data keys, oldest first, without the keys. */
  keys(): readonly Omit<DataKey, 'key'>[]
  /** Which data key seals now. */
  sealsWith(): string
  /** Sets aside uses of the living data keys for this replica (K4); before the first seal, and whenever few are left. */
  reserve(database: Pick<Database, 'write'>): Promise<void>
  /** Whether the data key that seals was used so often that the next one should follow, and none does yet. */
  isWorn(): boolean
  /** A new data key, wrapped; it seals once it is stored, its time has come, and it was read by `reload`. */
  makeKey(id: string): Promise<WrappedKey>
  /** The data keys that are wrapped by another key than the one of now, wrapped by that one. */
  rewrapped(): Promise<readonly (WrappedKey & { readonly before: string })[]>
  /** Reads the data keys anew. */
  reload(db: Handle<KitTables>): Promise<void>
}

/** What a sealer is made of. */
export interface SealerGiven {
  readonly random: Random
  readonly clock: Pick<Clock, 'now'>
  /** Few uses of the data key are left to this replica: more should be reserved. */
  onLow?(): void
}

/** Throws `WrongKey` when the database holds data keys that the key does not open; a new database holds none. Only reads. */
export const checkKey = async (db: Handle<KitTables>, kek: Pick<KekSource, 'find' | 'old'>): Promise<void> => {
  await readDataKeys(db, kek)
}

/** Opens the data keys, making the first one in a new database. Throws `WrongKey`, `KeyUnavailable`. */
export const openSealer = async (db: Handle<KitTables>, kek: KekSource, given: SealerGiven): Promise<Sealer> => {
  const { random, clock } = given
  let keys = await openKeys(db, kek, given)
  const [first = NO_KEY] = keys
  const byId = (): ReadonlyMap<string, DataKey> => new Map(keys.map((key) => [key.id, key]))
  let index = byId()
  const uses = countDataKeyUses(() => given.onLow?.())
  const newest = (): DataKey => {
    const nowMs = clock.now().getTime()
    return keys.findLast(({ usableFromMs }) => usableFromMs <= nowMs) ?? first
  }
  return {
    seal: (plain, at) => {
      const { id, key } = newest()
      uses.take(id)
      return `v1.${id}.${encrypt(key, plain, at, random)}`
    },
    open: (sealed, at) => {
      const [version, id = '', ...rest] = sealed.split('.')
      const found = index.get(id)
      if (version !== 'v1' || found === undefined) throw new WrongKey('sealed under a key that is not here')
      try {
        return decrypt(found.key, rest.join('.'), at)
      } catch {
        throw new BrokenSeal(at)
      }
    },
    derive: (purpose) => Buffer.from(hkdfSync('sha256', first.key, Buffer.alloc(0), `reeve ${purpose}`, KEY_BYTES)),
    keys: () => keys.map(({ key: _, ...known }) => known),
    sealsWith: () => newest().id,
    reserve: (database) =>
      uses.reserve(
        database,
        keys.map(({ id }) => id),
      ),
    isWorn: () => keys.at(-1)?.id === newest().id && uses.uses(newest().id) >= WORN_USES,
    makeKey: async (id) => {
      const wrapper = await currentWrapper(kek)
      const key = random.bytes(KEY_BYTES)
      const wrapped = await wrapper.wrap(key, dataKeyBinding(id))
      key.fill(0)
      return { id, wrapped, kek: wrapper.id }
    },
    rewrapped: async () => {
      const wrapper = await currentWrapper(kek)
      const others = keys.filter((known) => known.kek !== wrapper.id)
      return Promise.all(
        others.map(async ({ id, key, wrapped }) => ({
          ...{ id, before: wrapped, kek: wrapper.id },
          wrapped: await wrapper.wrap(key, dataKeyBinding(id)),
        })),
      )
    },
    reload: async (reader) => {
      keys = await readDataKeys(reader, kek, index)
      index = byId()
    },
  }
}

// Half of what a key is good for: the other half is for those who go on sealing until the next one seals.
const WORN_USES = DATA_KEY_USES_MAX / 2

// A cipher refuses a key of no bytes: were there ever no data key, nothing would be sealed with a wrong one.
const NO_KEY: DataKey = { id: '', key: Buffer.alloc(0), kek: null, wrapped: '', usableFromMs: 0 }

const openKeys = async (
  db: Handle<KitTables>,
  kek: KekSource,
  { random, clock }: SealerGiven,
): Promise<readonly DataKey[]> => {
  const stored = await readDataKeys(db, kek)
  if (stored.length > 0) return stored
  // Two replicas may open a new database together: this row's lock lets one make the key and the other one find it.
  await db.updateTable('kit_counter').set({ name: 'change' }).where('name', '=', 'change').execute()
  const found = await readDataKeys(db, kek)
  if (found.length > 0) return found
  const wrapper = (await kek.find()) ?? (await kek.make()) ?? (await currentWrapper(kek))
  const id = random.id('dek')
  const key = random.bytes(KEY_BYTES)
  const wrapped = await wrapper.wrap(key, dataKeyBinding(id))
  const row = {
    id,
    wrapped,
    kek: wrapper.id,
    created_at: clock.now().getTime(),
    usable_from: 0,
    retired_at: null,
    uses: 0,
  }
  await db.insertInto('kit_data_key').values(row).execute()
  return [{ id, key, kek: wrapper.id, wrapped, usableFromMs: 0 }]
}
