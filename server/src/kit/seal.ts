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

/** Where the key-encryption key (32 bytes) comes from. */
export interface KekSource {
  /**
   * INVARIANT: asked after the database was read, not before. Whoever makes a database kept its key before the database
   * shows that it needs one; so a replica that started a moment too early for the key finds it all the same.
   */
  find(): Uint8Array | undefined
  /** Gives a new database its key and keeps it, or finds the one that was kept meanwhile; undefined where it may not. */
  make(): Uint8Array | undefined
}

/** A key that was given, for databases old and new. */
export const givenKek = (kek: Uint8Array | undefined): KekSource => ({ find: () => kek, make: () => undefined })

/** Throws `WrongKey` when the database holds data keys that the key does not open; a new database holds none. Only reads. */
export const checkKey = async (db: Handle<KitTables>, kek: Pick<KekSource, 'find'>): Promise<void> => {
  await readKeys(db, kek)
}

/** Opens the data keys, making the first one in a new database. Throws `WrongKey`. */
export const openSealer = async (db: Handle<KitTables>, kek: KekSource, random: Random, now: Date): Promise<Sealer> => {
  const keys = await readKeys(db, kek)
  if (keys.size === 0) {
    // Two replicas may open a new database together: this row's lock lets one make the key and the other one find it.
    await db.updateTable('kit_counter').set({ name: 'change' }).where('name', '=', 'change').execute()
    for (const [id, key] of await readKeys(db, kek)) keys.set(id, key)
  }
  if (keys.size === 0) {
    const id = random.id('dek')
    const key = random.bytes(KEY_BYTES)
    const made = ofRightSize(kek.find() ?? kek.make())
    const wrapped = encrypt(made, key, dataKeyBinding(id), random)
    await db.insertInto('kit_data_key').values({ id, wrapped, created_at: now.getTime() }).execute()
    keys.set(id, key)
  }
  const [[, first] = NO_KEY] = keys
  const [current, newest] = [...keys].at(-1) ?? NO_KEY
  return {
    seal: (plain, at) => `v1.${current}.${encrypt(newest, plain, bindingText(at), random)}`,
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
    derive: (purpose) => Buffer.from(hkdfSync('sha256', first, Buffer.alloc(0), `reeve ${purpose}`, KEY_BYTES)),
  }
}

const MISSING =
  'the key-encryption key is missing, and nothing was written: put it back where it was, or name it by REEVE_KEK or REEVE_KEK_FILE, and start again'

// A cipher refuses a key of no bytes: were there ever no data key, nothing would be sealed with a wrong one.
const NO_KEY: readonly [string, Buffer] = ['', Buffer.alloc(0)]

const readKeys = async (db: Handle<KitTables>, kek: Pick<KekSource, 'find'>): Promise<Map<string, Buffer>> => {
  const stored = await storedKeys(db)
  if (stored.length === 0) return new Map()
  const found = ofRightSize(kek.find())
  return new Map(stored.map((row) => [row.id, unwrap(found, row.wrapped, row.id)]))
}

const ofRightSize = (kek: Uint8Array | undefined): Uint8Array => {
  if (kek === undefined) throw new WrongKey(MISSING)
  if (kek.length !== KEY_BYTES) throw new WrongKey(`the key-encryption key must be ${KEY_BYTES} bytes`)
  return kek
}

const storedKeys = (db: Handle<KitTables>) =>
  db.selectFrom('kit_data_key').selectAll().orderBy('created_at').orderBy('id').execute()

const dataKeyBinding = (id: string): string => bindingText({ table: 'kit_data_key', row: id, column: 'wrapped' })

// JSON keeps the parts apart: no choice of names makes two bindings read alike.
const bindingText = (at: Binding): string => JSON.stringify([at.table, at.row, at.column])

const unwrap = (kek: Uint8Array, wrapped: string, id: string): Buffer => {
  try {
    return decrypt(kek, wrapped, dataKeyBinding(id))
  } catch {
    throw new WrongKey(
      'the key-encryption key is not the one that this database was made with, and nothing was written: start again with the right one (REEVE_KEK, REEVE_KEK_FILE or the file kek in the data folder)',
    )
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
