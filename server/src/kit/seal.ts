import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import type { Handle } from './database.ts'
import type { Random } from './random.ts'
import type { KitTables } from './schema.ts'

/** Where a sealed text lives; it opens nowhere else. */
export interface Binding {
  readonly table: string
  readonly row: string
  readonly column: string
}

/** Seals what must be replayed (AES-256-GCM under a data key, which the key-encryption key wraps). */
export interface Sealer {
  seal(plain: Uint8Array, at: Binding): string
  /** Throws `BrokenSeal` when the text was changed or moved, `WrongKey` when it was sealed under a key that is not here. */
  open(sealed: string, at: Binding): Buffer
  /** 32 bytes for one named purpose, the same on every replica of this database. */
  derive(purpose: string): Buffer
}

/** The key-encryption key is missing or is not the one that this database was made with. */
export class WrongKey extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'WrongKey'
  }
}

/** What is sealed does not open where it stands: it was changed, or moved there from elsewhere. */
export class BrokenSeal extends Error {
  constructor(at: Binding) {
    super(`what is sealed in ${at.table}.${at.column}, row ${at.row}, was changed or moved there; restore the database`)
    this.name = 'BrokenSeal'
  }
}

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const KEY_BYTES = 32

/** Opens the data keys with `kek` (32 bytes), making the first one in a new database. Throws `WrongKey`. */
export const openSealer = async (
  db: Handle<KitTables>,
  kek: Uint8Array | undefined,
  random: Random,
  now: Date,
): Promise<Sealer> => {
  if (kek === undefined) throw new WrongKey('the key-encryption key is missing')
  if (kek.length !== KEY_BYTES) throw new WrongKey(`the key-encryption key must be ${KEY_BYTES} bytes`)
  const keys = await readKeys(db, kek)
  if (keys.size === 0) {
    // Two replicas may open a new database together: this row's lock lets one make the key and the other one find it.
    await db.updateTable('kit_counter').set({ name: 'change' }).where('name', '=', 'change').execute()
    for (const [id, key] of await readKeys(db, kek)) keys.set(id, key)
  }
  if (keys.size === 0) {
    const id = random.id('dek')
    const key = random.bytes(KEY_BYTES)
    const wrapped = encrypt(kek, key, dataKeyBinding(id), random)
    await db.insertInto('kit_data_key').values({ id, wrapped, created_at: now.getTime() }).execute()
    keys.set(id, key)
  }
  const current = [...keys.keys()].at(-1) ?? ''
  return {
    seal: (plain, at) => `v1.${current}.${encrypt(keys.get(current) ?? kek, plain, bindingText(at), random)}`,
    open: (sealed, at) => {
      const [version, id = '', ...rest] = sealed.split('.')
      const key = keys.get(id)
      if (version !== 'v1' || key === undefined) throw new WrongKey('sealed under a key that is not here')
      try {
        return decrypt(key, rest.join('.'), bindingText(at))
      } catch {
        throw new BrokenSeal(at)
      }
    },
    derive: (purpose) => {
      const first = keys.values().next().value ?? kek
      return Buffer.from(hkdfSync('sha256', first, Buffer.alloc(0), `reeve ${purpose}`, KEY_BYTES))
    },
  }
}

const readKeys = async (db: Handle<KitTables>, kek: Uint8Array): Promise<Map<string, Buffer>> => {
  const rows = await db.selectFrom('kit_data_key').selectAll().orderBy('created_at').orderBy('id').execute()
  return new Map(rows.map((row) => [row.id, unwrap(kek, row.wrapped, row.id)]))
}

const dataKeyBinding = (id: string): string => bindingText({ table: 'kit_data_key', row: id, column: 'wrapped' })

// JSON keeps the parts apart: no choice of names makes two bindings read alike.
const bindingText = (at: Binding): string => JSON.stringify([at.table, at.row, at.column])

const unwrap = (kek: Uint8Array, wrapped: string, id: string): Buffer => {
  try {
    return decrypt(kek, wrapped, dataKeyBinding(id))
  } catch {
    throw new WrongKey('the key-encryption key is not the one that this database was made with')
  }
}

const encrypt = (key: Uint8Array, plain: Uint8Array, bound: string, random: Random): string => {
  const nonce = random.bytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(bound))
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  return [nonce, body, cipher.getAuthTag()].map((part) => part.toString('base64url')).join('.')
}

const decrypt = (key: Uint8Array, text: string, bound: string): Buffer => {
  const [nonce = '', body = '', tag = ''] = text.split('.')
  const decipher = createDecipheriv(ALGORITHM, key, Buffer.from(nonce, 'base64url'), { authTagLength: 16 })
    .setAAD(Buffer.from(bound))
    .setAuthTag(Buffer.from(tag, 'base64url'))
  return Buffer.concat([decipher.update(Buffer.from(body, 'base64url')), decipher.final()])
}
